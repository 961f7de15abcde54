"""Setting up refuses what it cannot do, in words, and tells how far it is."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from lumenward import setup_here

ROOT = Path(__file__).parents[2]
PIP_SAYS = """\
Collecting msgspec==0.22.0 (from -r requirements.lock (line 9))
  Downloading msgspec-0.22.0-cp311.whl (210 kB)
Collecting typer==0.29.1 (from -r requirements.lock (line 30))
Requirement already satisfied: pip in ./.venv
Collecting rich
Installing collected packages: typer, rich, msgspec
Successfully installed msgspec-0.22.0
"""


def run(*arguments, cwd):
    command = [sys.executable, "-I", "-S", str(ROOT / "lumenward" / "setup_here.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def told(total):
    heard = []
    for line in PIP_SAYS.splitlines():
        heard.append(line)
        yield from setup_here._progress(line, heard, total)


def test_without_a_lock_file_it_says_how_to_name_one(tmp_path):
    for arguments in ((), ("a", "b")):
        run_ = run(*arguments, cwd=tmp_path)
        assert (run_.returncode, run_.stdout) == (1, "")
        assert "requirements.lock" in run_.stderr
        assert "Traceback" not in run_.stderr


def test_a_lock_file_that_is_not_there_is_refused_by_its_name(tmp_path):
    run_ = run("missing.lock", cwd=tmp_path)
    assert run_.returncode == 1
    assert "missing.lock" in run_.stderr
    assert "Traceback" not in run_.stderr


def test_it_needs_nothing_but_python(tmp_path):
    imports = f"import sys; sys.path[:0] = [{str(ROOT / 'lumenward')!r}]; import setup_here"
    run_ = subprocess.run(
        [sys.executable, "-I", "-S", "-c", imports], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (run_.returncode, run_.stderr) == (0, "")


def test_progress_names_each_package_once_and_never_goes_back():
    steps = list(told(total=3))
    assert [words for _, words in steps] == [
        "fetching msgspec",
        "fetching typer",
        "fetching rich",
        "installing",
    ]
    assert all(earlier <= later for (earlier, _), (later, _) in pairwise(steps))


def test_progress_stays_below_the_whole_however_many_packages_come():
    assert max(fraction for fraction, _ in told(total=1)) < 1
