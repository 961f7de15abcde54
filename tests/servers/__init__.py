"""Servers and browsers that tests need and a machine may lack."""

import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

NOT_PERMITTED = "not permitted on this machine"


def require(
    program: str,
    places: str | None = None,
    *,
    built: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> str:
    """The path of a program: built, or in the PATH unless `places` are given; without it the test is skipped.

    Where everything must run, it fails.
    """
    path = (built and shutil.which(built)) or shutil.which(program, path=places)
    if path is None:
        if environment.get("LUMENWARD_REQUIRE_ALL") == "1":
            pytest.fail(
                f"{program} is not installed, and LUMENWARD_REQUIRE_ALL=1 lets no test be skipped", pytrace=False
            )
        pytest.skip(f"{program} is not installed")
    return path


def not_permitted(reason: str) -> NoReturn:
    """Skip a test that takes a right which nobody can install, such as to mount a disk."""
    pytest.skip(f"{NOT_PERMITTED}: {reason}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
