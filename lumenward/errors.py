"""What the command line raises.

CommandError
├── AlreadyUp       another `lumenward up` runs on the directory
├── ChildFailed     a process of a supervisor does not come up, or keeps ending
├── Interrupted     somebody asked the command to stop before it was done
├── NotHere         this machine cannot do what was asked
└── ServerRefused   a server answered a request with a problem
"""

from pathlib import Path

from vocabulary.errors import LumenwardError


class CommandError(LumenwardError):
    """The root of this package's errors."""


class AlreadyUp(CommandError):
    """Another `lumenward up` runs on the directory: `directory`, its process's `pid` if it is known."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        self.directory, self.pid = directory, pid
        who = "another process" if pid is None else f"process {pid}"
        super().__init__(f"{directory}: {who} runs on it already. See `lumenward up {directory} --status`, or stop it")


class ChildFailed(CommandError):
    """A process of a supervisor does not come up, or keeps ending: `child`, `problem`, the end of its `log`."""

    def __init__(self, child: str, problem: str, log: str) -> None:
        self.child, self.problem, self.log = child, problem, log
        super().__init__(f"{child}: {problem}\n{log}".rstrip())


class Interrupted(CommandError):
    """Somebody asked the command to stop before it was done."""


class NotHere(CommandError):
    """What was asked cannot be done on this machine: `what`, `problem`."""

    def __init__(self, what: str, problem: str) -> None:
        self.what, self.problem = what, problem
        super().__init__(f"{what} cannot be had on this machine: {problem}")


class ServerRefused(CommandError):
    """A server answered a request with a problem: `url`, `problem`."""

    def __init__(self, url: str, problem: str) -> None:
        self.url, self.problem = url, problem
        super().__init__(f"{url}: {problem}")
