"""The laboratory from its command line: one scenario in every run, all of them in a soak."""

import json
import subprocess
import sys

import pytest

from lumenward.lab.scenarios import SCENARIOS

IN_EVERY_RUN = "broker-wiped"


def lab(*arguments):
    command = [sys.executable, "-m", "lumenward", "lab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.timeout(150)
def test_a_broker_wiped_in_mid_stream_loses_and_doubles_nothing():
    ended = lab("run", IN_EVERY_RUN, "--seed", "5", "--json")
    finding = json.loads(ended.stdout)
    assert (ended.returncode, finding["problems"]) == (0, []), ended.stderr
    figures = finding["figures"]
    assert [fault["what"] for fault in finding["faults"]] == ["the broker is killed, and what it held is gone"] * 3
    assert figures["sessions_recorded"] == figures["sessions_stored"] == 4
    assert figures["samples_produced"] == figures["samples_stored"] + figures["samples_in_gaps"] == 2040


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_scenario_holds(seed):
    ended = lab("run", "all", "--seed", str(seed), "--json")
    problems = {finding["scenario"]: finding["problems"] for finding in map(json.loads, ended.stdout.splitlines())}
    assert (ended.returncode, problems) == (0, {key: [] for key in SCENARIOS})


def test_a_scenario_that_there_is_not_is_said():
    ended = lab("run", "earthquake")
    assert ended.returncode == 2
    assert "lumenward lab list" in ended.stderr


def test_the_list_says_what_is_done_in_each():
    sentences = json.loads(lab("list", "--json").stdout)
    assert IN_EVERY_RUN in sentences
    assert all(sentence.endswith(".") for sentence in sentences.values())
