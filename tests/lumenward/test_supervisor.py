"""A supervisor of real processes: they come up, come up again, and none is left."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from firmware_bridge.virtual.definitions import dump_home
from lumenward.demo.broker import broker_config
from lumenward.errors import ChildFailed
from lumenward.processes import SUPERVISED
from lumenward.supervisor import Child, Patience, Supervisor
from tests.firmware_bridge.homes import home as virtual_home
from tests.servers import free_port

READY = "print('ready', flush=True)\n"
FOREVER = READY + "import time\ntime.sleep(60)"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FOREVER
LAST_WORDS = """
import pathlib, signal, sys
def end(*_):
    with pathlib.Path({file!r}).open("a") as file:
        file.write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
"""
NOTE_THE_TIME = """
import pathlib, time
with pathlib.Path({file!r}).open("a") as file:
    print(time.monotonic(), file=file)
"""


def child(name, script, **environment):
    return Child(name=name, arguments=("-c", script), environment=environment)


BRIEF = Patience(start_s=60.0, grace_s=60.0, back_off_s=(0.1, 0.3, 0.6), steady_s=0.4)
"""Soon up again, and with time for its last words on a machine that has none to spare."""


@pytest.fixture
def supervisor(tmp_path):
    made = Supervisor(tmp_path, BRIEF)
    yield made
    made.stop()


def alive(pid):
    """Whether a process runs; one that ended may wait for somebody to ask how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition, seconds=60):
    until = monotonic() + seconds
    while not condition():
        assert monotonic() < until
        sleep(0.01)


def look_until(supervisor, condition, seconds=60):
    def looked():
        supervisor.look()
        return condition()

    wait_for(looked, seconds)


def test_children_run_until_they_are_stopped(supervisor):
    supervisor.start([child("a", FOREVER), child("b", FOREVER)])
    supervisor.wait_until_ready()
    pids = [supervisor.pid("a"), supervisor.pid("b")]
    assert all(alive(pid) for pid in pids)
    supervisor.stop()
    assert not any(alive(pid) for pid in pids)


def test_children_are_stopped_the_last_started_first(supervisor, tmp_path):
    file = tmp_path / "ends"
    names = ["first", "second", "third"]
    scripts = {name: LAST_WORDS.format(file=str(file), name=name) + FOREVER for name in names}
    supervisor.start([child("first", scripts["first"])])
    supervisor.start([child("second", scripts["second"]), child("third", scripts["third"])])
    supervisor.wait_until_ready()
    supervisor.stop()
    assert file.read_text().split() == ["third", "second", "first"]


def test_waiting_lasts_until_the_slowest_child_is_ready(supervisor):
    began = monotonic()
    supervisor.start([child("slow", "import time\ntime.sleep(0.4)\n" + FOREVER), child("fast", FOREVER)])
    supervisor.wait_until_ready()
    assert monotonic() - began >= 0.4


def test_a_child_that_ends_before_it_is_ready_is_told_with_the_end_of_its_log(supervisor):
    script = "import sys\nsys.stderr.write('x' * 5000 + ' no space left')\nsys.exit(3)"
    supervisor.start([child("ingest", script)])
    with pytest.raises(ChildFailed) as failure:
        supervisor.wait_until_ready()
    assert failure.value.child == "ingest"
    assert "3" in failure.value.problem
    assert failure.value.log.endswith("no space left")
    assert len(failure.value.log) <= 2000


def test_a_child_is_told_its_own_environment_and_keeps_ours(supervisor, tmp_path):
    supervisor.start([child("a", READY + "import os\nprint(os.environ['ONLY_A'], 'PATH' in os.environ)", ONLY_A="7")])
    supervisor.wait_until_ready()
    wait_for(lambda: "7 True" in (tmp_path / "a.out").read_text())


def test_a_child_that_is_killed_is_started_again(supervisor):
    supervisor.start([child("a", FOREVER), child("b", FOREVER)])
    supervisor.wait_until_ready()
    killed, other = supervisor.pid("a"), supervisor.pid("b")
    os.kill(killed, signal.SIGKILL)
    look_until(supervisor, lambda: supervisor.pid("a") not in (killed, None))
    assert supervisor.pid("b") == other


def test_a_child_that_keeps_ending_is_started_later_each_time(supervisor, tmp_path):
    file = tmp_path / "starts"
    supervisor.start([child("a", NOTE_THE_TIME.format(file=str(file)))])

    def starts():
        return [float(line) for line in file.read_text().split()] if file.exists() else []

    look_until(supervisor, lambda: len(starts()) == 3)
    first, second, third = starts()
    assert second - first >= 0.1
    assert third - second >= 0.3


def test_a_child_that_ran_for_long_is_started_again_as_soon_as_at_first(tmp_path):
    supervisor = Supervisor(tmp_path, Patience(back_off_s=(0.0, 900.0), steady_s=0.3))
    supervisor.start([child("a", "import time\ntime.sleep(0.35)")])
    started = [supervisor.pid("a")]
    try:
        for _ in range(2):
            look_until(supervisor, lambda: supervisor.pid("a") not in (*started, None))
            started.append(supervisor.pid("a"))
    finally:
        supervisor.stop()


def test_a_child_that_is_never_ready_is_told_with_how_long_it_had(tmp_path):
    supervisor = Supervisor(tmp_path, Patience(start_s=0.2))
    supervisor.start([child("a", "import time\ntime.sleep(60)")])
    with pytest.raises(ChildFailed, match="not ready after"):
        supervisor.wait_until_ready()
    supervisor.stop()


def test_a_child_that_waits_to_be_started_again_has_no_pid_and_is_not_started_by_stop(supervisor, tmp_path):
    supervisor.start([child("a", READY)])
    wait_for(lambda: supervisor.pid("a") is None)
    supervisor.look()
    supervisor.stop()
    sleep(0.2)
    supervisor.look()
    sleep(0.2)
    assert (tmp_path / "a.out").read_text() == "ready\n"


def test_a_child_that_ignores_sigterm_is_killed(tmp_path):
    supervisor = Supervisor(tmp_path, Patience(start_s=60.0, grace_s=0.2))
    supervisor.start([child("stubborn", STUBBORN)])
    supervisor.wait_until_ready()
    pid, began = supervisor.pid("stubborn"), monotonic()
    supervisor.stop()
    assert not alive(pid)
    assert monotonic() - began < 10


OURS = "from lumenward.processes import end_with_supervisor\nend_with_supervisor(0.2)\n"
SUPERVISING = f"""
import pathlib, sys, time
from lumenward.supervisor import Child, Supervisor

supervisor = Supervisor(pathlib.Path(sys.argv[1]))
scripts = {{"one": {OURS + FOREVER!r}, "stubborn": {OURS + STUBBORN!r}}}
supervisor.start([Child(name=name, arguments=("-c", script)) for name, script in scripts.items()])
supervisor.wait_until_ready()
print(*(supervisor.pid(name) for name in scripts), flush=True)
time.sleep(600)
"""


def test_when_a_supervisor_is_killed_its_children_end_also_one_that_ignores_sigterm(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISING, tmp_path], stdout=subprocess.PIPE, text=True
    ) as supervising:
        pids = [int(pid) for pid in supervising.stdout.readline().split()]
        assert [alive(pid) for pid in pids] == [True, True]
        supervising.kill()
    wait_for(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.parametrize("module", [("lumenward", "devices"), ("lumenward.demo.broker",)])
def test_a_process_of_ours_whose_supervisor_is_gone_before_it_begins_ends(tmp_path, module):
    port = free_port()
    home, broker = tmp_path / "home.json", tmp_path / "broker.toml"
    home.write_text(json.dumps(dump_home(virtual_home(tmp_path))))
    broker.write_text(broker_config(port, {}))
    told = [home] if "devices" in module else [broker, str(port)]
    run = subprocess.run(
        [sys.executable, "-m", *module, *told],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, SUPERVISED: "1"},
        timeout=60,
        check=False,
    )
    assert run.returncode in {0, -signal.SIGTERM}


def test_ctrl_c_at_the_terminal_reaches_no_child(supervisor):
    supervisor.start([child("a", FOREVER)])
    supervisor.wait_until_ready()
    assert os.getpgid(supervisor.pid("a")) != os.getpgid(0)


def test_what_a_child_of_an_earlier_run_said_makes_none_ready(tmp_path):
    (tmp_path / "a.out").write_text("ready\n")
    supervisor = Supervisor(tmp_path, Patience(start_s=0.2))
    supervisor.start([child("a", "import time\ntime.sleep(60)")])
    with pytest.raises(ChildFailed, match="not ready after"):
        supervisor.wait_until_ready()
    supervisor.stop()


def test_a_program_that_is_not_ours_is_ready_when_it_listens(supervisor):
    port = free_port()
    listening = f'import socket, time\ntime.sleep(0.3)\nserver = socket.create_server(("127.0.0.1", {port}))\n'
    supervisor.start([Child(name="a", arguments=("-c", f"{listening}time.sleep(60)"), listens_at=port)])
    supervisor.wait_until_ready()
    assert supervisor.states() == [{"name": "a", "pid": supervisor.pid("a"), "started_again": 0}]


def test_a_log_begins_anew_when_it_is_long_and_its_process_goes_on_writing(tmp_path):
    supervisor = Supervisor(tmp_path, BRIEF, log_bytes=1000)
    try:
        supervisor.start([child("talker", TALK)])
        supervisor.wait_until_ready()
        log, before = tmp_path / "talker.log", tmp_path / "talker.log.1"
        look_until(supervisor, before.exists)
        assert before.stat().st_size > 1000
        look_until(supervisor, lambda: b"word" in log.read_bytes() and log.stat().st_size < 1000)
        assert b"\0" not in log.read_bytes()
    finally:
        supervisor.stop()


TALK = READY + "import sys, time\nwhile True:\n    print('word', file=sys.stderr, flush=True)\n    time.sleep(0.001)"
