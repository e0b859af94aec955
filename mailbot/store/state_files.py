"""Files in the state directory: the service can write what root made there, and they are on the disk."""

import os
import stat
from contextlib import suppress
from pathlib import Path


def restore_ownership(state_dir: Path) -> None:
    """Give what root made in the state directory to the owner of the directory: the service is not root."""
    if os.geteuid() != 0 or not state_dir.is_dir():
        return
    owner = state_dir.stat()
    for folder, folders, files in os.walk(state_dir):
        for name in (*folders, *files):
            give(Path(folder, name), owner)


def give(path: Path, owner: os.stat_result) -> None:
    """Give a file that root made to an owner, if root calls.

    A file with several names is left alone: it may be one of the system's.
    """
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    with suppress(FileNotFoundError, PermissionError):  # SQLite removed it; root may lack CAP_CHOWN
        made = path.lstat()
        if made.st_uid == 0 and (stat.S_ISDIR(made.st_mode) or made.st_nlink == 1):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def create_durably(file: Path, text: str) -> None:
    """Create a file with its whole content; keep the one that another process creates at the same time.

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
    """Write the names in a directory to the disk; raise OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
