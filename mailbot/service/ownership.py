"""Who owns the files in the state directory: the service must be able to write what root made there."""

import os
import stat
from contextlib import suppress
from pathlib import Path


def restore_ownership(state_dir: Path) -> None:
    """Give what root made in the state directory to the owner of the directory: the service is not root.

    A file with several names is left alone: it may be one of the system's.
    """
    if os.geteuid() != 0 or not state_dir.is_dir():
        return
    owner = state_dir.stat()
    for folder, folders, files in os.walk(state_dir):
        for path in (Path(folder, name) for name in (*folders, *files)):
            with suppress(FileNotFoundError, PermissionError):  # SQLite removed it; root may lack CAP_CHOWN
                made = path.lstat()
                if made.st_uid == 0 and (stat.S_ISDIR(made.st_mode) or made.st_nlink == 1):
                    os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
