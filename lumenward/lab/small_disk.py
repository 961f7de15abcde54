"""A disk so small that it can be filled: a tmpfs, which takes root to mount."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lumenward.errors import NotHere

SIZE: Final = "16m"


@contextmanager
def small_disk(path: Path) -> Generator[None]:
    """A small disk at a path, which is made. Raises NotHere."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or unmount is None:
        raise NotHere("a disk to fill", "mounting one takes root")
    path.mkdir()
    made = subprocess.run(  # noqa: S603 - the system's own mount
        [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(path)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise NotHere("a disk to fill", made.stderr.strip())
    try:
        yield
    finally:
        subprocess.run([unmount, "--lazy", str(path)], check=True)  # noqa: S603 - the system's own umount
