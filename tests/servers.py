"""Real servers that tests use: found on the machine, or the test is skipped, or it fails where all are required."""

import os
import shutil

import pytest


def require(program: str) -> str:
    """The path of a program. Without it the test skips with the reason; with LUMENWARD_REQUIRE_ALL=1 it fails."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        reason = f"{program} is not installed here"
        if os.environ.get("LUMENWARD_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
