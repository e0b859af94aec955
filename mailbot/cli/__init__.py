"""The command line: one short function per call."""

from mailbot.cli import beginning, importing, keeping, looking, repairing, running
from mailbot.cli.frame import app

__all__ = ["app", "beginning", "importing", "keeping", "looking", "main", "repairing", "running"]


def main() -> None:
    """Run the command line."""
    app()
