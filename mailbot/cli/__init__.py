"""The command line: one short function per call."""

from mailbot.cli import importing, init, inspect, mails, maintain, queues, run, schools
from mailbot.cli.common import app

__all__ = ["app", "importing", "init", "inspect", "mails", "main", "maintain", "queues", "run", "schools"]


def main() -> None:
    """Run the command line."""
    app()
