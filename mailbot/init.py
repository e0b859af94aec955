"""Writes a first configuration: the commented example."""

import os
from importlib.resources import files
from pathlib import Path

_MODE = 0o644
"""Readable for the service, whose user systemd makes up at each start: no password belongs into it."""


def write_example(path: Path) -> None:
    """Write the commented example to a new file of mode 0644, with the folders above it.

    Raises FileExistsError where there is something already, and OSError where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, _MODE)
        file.write(example())


def example() -> str:
    """Return the commented example, as it lies in the wheel or in the checkout."""
    packaged = Path(str(files("mailbot"))) / "mailbot.toml"
    checkout = packaged.parents[1] / "config" / "mailbot.toml"
    return (packaged if packaged.exists() else checkout).read_text(encoding="utf-8")
