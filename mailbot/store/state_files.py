"""Set the owner of files in the state directory, and write them durably."""

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path


def restore_ownership(state_dir: Path) -> None:
    """Change the owner of root's files in the state directory to the directory's owner.

    The service does not run as root, so it could not read them.
    """
    if os.geteuid() != 0 or not state_dir.is_dir():
        return
    owner = state_dir.stat()
    for folder, folders, files in os.walk(state_dir):
        for name in (*folders, *files):
            change_owner(Path(folder, name), owner)


def change_owner(path: Path, owner: os.stat_result) -> None:
    """Change the owner of a file that belongs to root, if this process is root.

    A file with several hard links is not changed, because it may belong to the system.
    """
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    with suppress(FileNotFoundError, PermissionError):  # SQLite removed it; root may lack CAP_CHOWN
        status = path.lstat()
        if status.st_uid == 0 and (stat.S_ISDIR(status.st_mode) or status.st_nlink == 1):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def create_durably(file: Path, text: str) -> None:
    """Create a file with its whole content, unless another one has created it; raise OSError."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with temporary.open("w", encoding="ascii") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        change_owner(temporary, file.parent.stat())
        with suppress(FileExistsError):
            # Unlike a rename, a link fails if another process was first: both then read the same content.
            os.link(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(file.parent)


def sync_directory(directory: Path) -> None:
    """Flush the entries of a directory to the disk; raise OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
