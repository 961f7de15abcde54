"""The whole line with the processes that ship: the demo judges itself, and parts that are killed lose nothing."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from itertools import cycle
from random import Random
from time import monotonic, sleep

import pytest

from lumenward.demo.run import running
from lumenward.demo.scenario import SCENARIO
from lumenward.demo.verdict import Kind
from lumenward.demo.world import Plan, free_port

FIGURES = {
    "devices",
    "sessions_recorded",
    "sessions_stored",
    "samples_produced",
    "samples_stored",
    "samples_in_gaps",
    "conflicts",
    "quarantined",
    "alerts_expected",
    "alerts",
}


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_the_demo_stores_every_record_and_sample_and_raises_exactly_what_was_planted():
    began = monotonic()
    returncode, said, errors = headless_demo("--seed", "11", "--json")
    figures = json.loads(said)
    assert (returncode, figures["problems"]) == (0, []), errors
    assert monotonic() - began < 60
    assert figures.keys() >= FIGURES
    assert figures["sessions_recorded"] == figures["sessions_stored"] == 16
    assert figures["samples_produced"] == figures["samples_stored"] + figures["samples_in_gaps"]
    assert (figures["conflicts"], figures["quarantined"]) == (0, 0)
    assert figures["alerts_expected"] == len(figures["alerts"]) == 8
    assert [alert["seconds"] <= 1 for alert in figures["alerts"] if alert["severity"] == "high"] == [True]
    assert all(alert["seconds"] <= 5 for alert in figures["alerts"])


def headless_demo(*options):
    """How a demo ended and what it said; one that goes on for too long is ended with all its processes."""
    command = [sys.executable, "-m", "lumenward", "demo", "--headless", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said, errors = process.communicate()
        finally:
            process.send_signal(signal.SIGINT)
    return process.returncode, said, errors


GATEWAYS = tuple(home.gateway for home in SCENARIO)
SESSIONS_LAST_S = 1100
"""Civil seconds from the first link to the end of the last session of the scenario."""


def kill_in_turn(demo, times, seconds):
    """Kill -9 gateways, ingest and checker in turn, `times` each, spread over `seconds`."""
    victims = cycle(("ingest", "check", "gateway"))
    gateways, chance = cycle(GATEWAYS), Random(5)
    until = monotonic() + seconds
    for left in range(times * 3, 0, -1):
        victim = next(victims)
        name = next(gateways) if victim == "gateway" else victim
        while (pid := demo.supervisor.pid(name)) is None:
            demo.supervisor.look()
            sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        pause = monotonic() + (until - monotonic()) / left * chance.uniform(0.7, 1.3)
        while monotonic() < pause:
            demo.supervisor.look()
            sleep(0.02)


def settled(demo, seconds):
    """The verdict once nothing is unfinished, or after so many seconds."""
    until = monotonic() + seconds
    while True:
        verdict = demo.weigh()
        unfinished = any(problem.kind is Kind.UNFINISHED for problem in verdict.problems)
        if not unfinished or monotonic() > until:
            return verdict
        demo.supervisor.look()
        sleep(0.2)


def killed_run(directory, times, rate):
    lead = timedelta(seconds=2 * SESSIONS_LAST_S)
    plan = Plan(homes=SCENARIO, seed=4, http_port=free_port(), roles=("ingest", "check"), rate=rate, lead=lead)
    with running(directory, plan) as demo:
        sleep(3)
        kill_in_turn(demo, times, SESSIONS_LAST_S / rate)
        return settled(demo, 60)


def what_must_hold(verdict):
    """Under kills a gateway misses live samples, and says so: gaps, and an alert that comes later or milder.

    Everything else holds: each record once and whole, each sample stored or in a gap, each alert raised once.
    """
    allowed = {Kind.UNPLANNED_GAP, Kind.LATE}
    problems = [problem.words for problem in verdict.problems if problem.kind not in allowed]
    return [words for words in problems if "too-hot is medium, not high" not in words]


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_gateways_ingest_and_checker_killed_ten_times_each_lose_nothing_and_raise_nothing_twice(tmp_path):
    verdict = killed_run(tmp_path, times=10, rate=18)
    assert not what_must_hold(verdict), "\n".join(what_must_hold(verdict))
    assert verdict.samples_produced == verdict.samples_stored + verdict.samples_in_gaps
    assert len({(alert.rule, alert.device, alert.session) for alert in verdict.alerts}) == len(verdict.alerts) == 8


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_kills_each_lose_nothing_and_raise_nothing_twice(tmp_path):
    verdict = killed_run(tmp_path, times=100, rate=3)
    assert what_must_hold(verdict) == []
