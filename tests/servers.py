"""Servers and browsers that tests need and a machine may lack."""

import os
import shutil
import socket

import pytest


def require(program: str) -> str:
    """The path of a program; without it the test is skipped, or fails where everything must run."""
    path = shutil.which(program)
    if path is None:
        reason = f"{program} is not installed"
        if os.environ.get("LUMENWARD_REQUIRE_ALL") == "1":
            pytest.fail(f"{reason}, and LUMENWARD_REQUIRE_ALL=1 lets no test be skipped", pytrace=False)
        pytest.skip(reason)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
