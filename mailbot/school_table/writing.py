"""Replace files of a configuration: all of their new content is on disk before the first is replaced."""

import os
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path

from mailbot.school_table.importing import ImportPlan
from mailbot.school_table.reading import TableError


def write_plan(plan: ImportPlan) -> None:
    """Write the files of a plan; each keeps its mode and owner, a new one has those of the main file.

    Raises OSError, and TableError if a file was changed since the plan was made; nothing is written then.
    """
    with ExitStack() as stack:
        ready = []
        for file in plan.files:
            path = file.path.resolve()  # a link stays a link
            if (path.read_bytes() if path.exists() else b"") != file.before:
                raise TableError([f"{file.path}: was changed during the import; start the call again"])
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            temporary = Path(name)
            stack.callback(temporary.unlink, missing_ok=True)
            _write(descriptor, file.after, os.stat(path if path.exists() else plan.main))  # noqa: PTH116
            ready.append((temporary, path))
        for temporary, path in ready:
            temporary.replace(path)
            _sync_directory(path.parent)


def _write(descriptor: int, content: bytes, like: os.stat_result) -> None:
    """Write a file to the disk, with the mode and the owner of another one."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if (os.geteuid(), os.getegid()) != (like.st_uid, like.st_gid):
            os.fchown(descriptor, like.st_uid, like.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(like.st_mode))  # after chown, which removes bits
        os.fsync(descriptor)


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
