"""Write the man page and the shell completion of the command line into a directory.

Both come from the definitions in mailbot/cli. click-man knows only the commands of click, not those of typer.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]
from typer.main import get_command

from mailbot import __version__
from mailbot.cli import app
from release.versions import newest_release

# The file names by which each shell finds a completion in the directory that a package fills.
COMPLETION = {"bash": "mailbot", "zsh": "_mailbot", "fish": "mailbot.fish"}

HEAD = """\
.TH MAILBOT 1 {date} "mailbot {version}" "User Commands"
.SH NAME
mailbot \\- help desk for schools that needs nothing but e-mail
.SH SYNOPSIS
.B mailbot
[\\fIOPTION\\fR]... \\fICALL\\fR [\\fIARGUMENT\\fR]...
.SH DESCRIPTION
Teachers write to the support address of their school. mailbot reads the mailboxes by IMAP, makes a ticket of
each mail, notifies the team of the school by SMTP, and executes commands such as #close in their replies.
.PP
As root, each call gives the files that it creates in the state directory to the owner of that directory.
"""
TAIL = """\
.SH EXIT STATUS
0: fine. 1: something failed. 2: wrong usage or configuration.
.B mailbot status \\-\\-probe
exits as a plug-in of Nagios does.
.SH ENVIRONMENT
.TP
.B MAILBOT_CONFIG
The configuration file, if \\-\\-config is not given.
.TP
.B CREDENTIALS_DIRECTORY
The directory with the password files of the configuration; systemd sets it.
.SH FILES
.TP
.I /etc/mailbot/mailbot.toml
The configuration, if neither \\-\\-config nor MAILBOT_CONFIG is given and there is no config/mailbot.toml.
.TP
.I /var/lib/mailbot
The state: tickets, mails, outbox.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1);
the documentation in /usr/share/doc/mailbot/docs.
"""


def page() -> str:
    """Return the man page in roff (man(7))."""
    root = get_command(app)
    version, date = newest_release()
    head = HEAD.format(
        date=date, version=__version__ if version == __version__ else f"{__version__} (unreleased)"
    )
    context = typer.Context(root, info_name="mailbot")
    lines = [".SH OPTIONS", *_parameters(root, context), ".SH CALLS", *_calls(root, context)]
    return head + "\n".join(lines) + "\n" + TAIL


def _calls(group: Any, context: Any) -> Iterator[str]:
    """Yield a section for each call that is not hidden, depth first."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command.hidden:
            continue
        inner = typer.Context(command, parent=context, info_name=name)
        if hasattr(command, "list_commands"):
            yield from _calls(command, inner)
            continue
        usage = " ".join([inner.command_path, *command.collect_usage_pieces(inner)])
        yield f".SS {_escaped(usage)}"
        yield from map(_escaped, (command.help or "").split("\n"))
        yield from _parameters(command, inner)


def _parameters(command: Any, context: Any) -> Iterator[str]:
    shown = (p for p in command.get_params(context) if p.name != "help" or context.parent is None)
    records = (parameter.get_help_record(context) for parameter in shown)
    for syntax, text in filter(None, records):
        yield from (".TP", rf"\fB{_escaped(syntax)}\fR", _escaped(text) or ".")


def _escaped(text: str) -> str:
    """Return text that roff prints as it is, on one line."""
    line = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{line}" if line.startswith((".", "'")) else line


def main(directory: Path) -> None:
    """Write mailbot.1 and a completion file for each shell."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "mailbot.1").write_text(page(), "utf-8")
    for shell, name in COMPLETION.items():
        script = get_completion_script(prog_name="mailbot", complete_var="_MAILBOT_COMPLETE", shell=shell)
        (directory / shell).mkdir(exist_ok=True)
        (directory / shell / name).write_text(script + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
