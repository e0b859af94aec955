"""A place for the files of tests that is faster than a disk."""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")


def in_memory(needed: int) -> Path | None:
    """Return a directory in memory with that many bytes free, or None: a container often has less there."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= needed
    return _MEMORY if roomy else None
