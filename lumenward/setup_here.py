"""Make the checkout's own environment, `.venv`, from a lock file: run by `make`, with nothing but Python.

Runs before anything is installed, so it imports the standard library only. A second run returns at once as long
as the lock file has not changed.
"""

import hashlib
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
ENVIRONMENT = HOME / ".venv"
PIP = (str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input")
BAR = 30


def main() -> int:
    """Set up for the lock file named by the first argument; 0 when the environment is ready."""
    if len(sys.argv) != 2:
        return _refuse("name one lock file, for example: python3 lumenward/setup_here.py requirements.lock")
    if sys.version_info < (3, 11):  # noqa: UP036 - says so before a syntax error would
        return _refuse(f"Lumenward needs Python 3.11 or newer, this is {sys.version.split()[0]}")
    if find_spec("ensurepip") is None:
        return _refuse("this Python cannot make environments; on Debian: apt install python3-venv")
    lock = HOME / sys.argv[1]
    if not lock.is_file():
        return _refuse(f"there is no lock file {lock}")
    wanted = hashlib.sha256(lock.read_bytes() + (HOME / "pyproject.toml").read_bytes()).hexdigest()
    stamp = ENVIRONMENT / f"{lock.stem}.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    return _set_up(lock, stamp, wanted)


def _set_up(lock: Path, stamp: Path, wanted: str) -> int:
    if not (ENVIRONMENT / "bin" / "python").exists():
        _say(0, "making .venv")
        venv.create(ENVIRONMENT, with_pip=True)
    total = sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    steps = (
        ("install", "--require-hashes", "-r", str(lock)),
        ("install", "--no-deps", "--no-build-isolation", "--editable", str(HOME)),
    )
    for step in steps:
        if _pip(step, total):
            return 1
    stamp.write_text(wanted)
    _say(1, "ready")
    sys.stderr.write("\n")
    return 0


def _pip(arguments: tuple[str, ...], total: int) -> int:
    heard: list[str] = []
    with subprocess.Popen((*PIP, *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:  # noqa: S603 - our own arguments
        for line in pip.stdout or ():
            heard.append(line)
            for fraction, words in _progress(line, heard, total):
                _say(fraction, words)
    if pip.returncode:
        sys.stderr.write("\n" + "".join(heard[-15:]))
        return _refuse("pip could not install the packages above. Is PyPI reachable from here?")
    return 0


def _progress(line: str, heard: list[str], total: int) -> Iterator[tuple[float, str]]:
    if line.startswith("Collecting "):
        collected = sum(1 for earlier in heard if earlier.startswith("Collecting "))
        yield 0.7 * min(1, collected / total), f"fetching {line.split()[1].split('==', maxsplit=1)[0]}"
    elif line.startswith("Installing collected packages"):
        yield 0.75, "installing"


def _say(fraction: float, words: str) -> None:
    if sys.stderr.isatty():
        full = round(BAR * fraction)
        sys.stderr.write(f"\rSetting up, once  [{'#' * full}{'.' * (BAR - full)}]  {words:<40.40}")
        sys.stderr.flush()
    elif words in {"making .venv", "installing", "ready"}:
        sys.stderr.write(f"Setting up, once: {words}\n")


def _refuse(words: str) -> int:
    sys.stderr.write(words + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
