"""Manage files in the state directory: their owner, and when they are on the disk."""

import os
import stat
from contextlib import suppress
from pathlib import Path


def restore_ownership(state_dir: Path) -> None:
    """Give the files of root in the state directory to its owner, since the service is not root."""
    if os.geteuid() != 0 or not state_dir.is_dir():
        return
    owner = state_dir.stat()
    for folder, folders, files in os.walk(state_dir):
        for name in (*folders, *files):
            give(Path(folder, name), owner)


def give(path: Path, owner: os.stat_result) -> None:
    """Give a file of root to an owner, if called by root.

    A file with several links is left alone: it may belong to the system.
    """
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    with suppress(FileNotFoundError, PermissionError):  # SQLite removed it; root may lack CAP_CHOWN
        made = path.lstat()
        if made.st_uid == 0 and (stat.S_ISDIR(made.st_mode) or made.st_nlink == 1):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def create_durably(file: Path, text: str) -> None:
    """Create a file with its whole content, unless another process creates it at the same time.

    Raises OSError.
    """
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="ascii") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        give(fresh, file.parent.stat())
        with suppress(FileExistsError):
            os.link(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
    sync_directory(file.parent)


def sync_directory(directory: Path) -> None:
    """Write the entries of a directory to the disk; raise OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
