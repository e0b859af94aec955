"""Replace files of a configuration: all of their new content is on disk before the first is replaced."""

import errno
import os
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path

from mailbot.school_table.importing import ImportPlan
from mailbot.school_table.reading import TableError


def write_plan(plan: ImportPlan) -> None:
    """Write the files of a plan; each keeps its mode and owner, a new one has those of the main file.

    New directories have the mode and the owner of the directory of the main file.
    Raises OSError, and TableError if a file was changed since the plan was made; nothing is written then.
    """
    with ExitStack() as stack:
        ready = []
        for file in plan.files:
            path = file.path.resolve()  # a link stays a link
            if (path.read_bytes() if path.exists() else b"") != file.before:
                raise TableError([f"{file.path}: was changed during the import; import the table again"])
            _make_directory(path.parent, plan.main.parent.stat())
            descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            temporary = Path(name)
            stack.callback(temporary.unlink, missing_ok=True)
            _write(descriptor, file.after, (path if path.exists() else plan.main).stat(), path)
            ready.append((temporary, path))
        for temporary, path in ready:
            temporary.replace(path)
            _sync_directory(path.parent)


def _make_directory(folder: Path, like: os.stat_result) -> None:
    """Make a directory and those above it, with the mode and the owner of another one."""
    if folder.exists():
        return
    _make_directory(folder.parent, like)
    folder.mkdir(mode=0o700)
    _set_owner(folder, like, folder)
    folder.chmod(stat.S_IMODE(like.st_mode))


def _set_owner(target: int | Path, like: os.stat_result, path: Path) -> None:
    """Set the owner of a new file; raise OSError with its path if only root can."""
    if (os.geteuid(), os.getegid()) == (like.st_uid, like.st_gid):
        return
    try:
        os.chown(target, like.st_uid, like.st_gid)
    except OSError as error:
        reason = "; run it with sudo" if error.errno == errno.EPERM else ""
        raise OSError(error.errno, f"{error.strerror}{reason}", str(path)) from error


def _write(descriptor: int, content: bytes, like: os.stat_result, path: Path) -> None:
    """Write a file to the disk, with the mode and the owner of another one; `path` is its name."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        _set_owner(descriptor, like, path)
        os.fchmod(descriptor, stat.S_IMODE(like.st_mode))  # after chown, which removes bits
        os.fsync(descriptor)


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
