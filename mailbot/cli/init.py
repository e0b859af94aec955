"""`mailbot init`: write a first configuration from questions or options."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from mailbot.cli.common import FAILED, WRONG, app, echo

SERVICE_FILE = Path("/etc/mailbot/mailbot.toml")


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Write the configuration to this new file.")] = Path(
        "mailbot.toml"
    ),
    answers: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Answer one of the questions of --questions."),
    ] = None,
    questions: Annotated[bool, typer.Option("--questions", help="List the questions and exit.")] = False,
) -> None:
    """Write a commented configuration and its password files; ask questions on a terminal."""
    from mailbot.init import PASSWORDS, QUESTIONS, password_names, write_configuration, write_passwords

    if questions:
        for question in QUESTIONS:
            echo(f"{question.name:13} {question.text}; example: {question.example}")
        return
    if file.exists():
        echo(f"{file} already exists and was not changed; name a new file", err=True)
        raise typer.Exit(FAILED)
    given = _parse(answers or ())
    interactive = sys.stdin.isatty()
    known = _ask(given) if interactive else given
    if not known.get("key", "GYM").isalnum():
        echo(f"--set key={known['key']}: must be letters and digits, such as GYM", err=True)
        raise typer.Exit(WRONG)
    names = password_names(known)
    passwords = {name: _password(name) if interactive else "" for name in names} if known else {}
    try:
        write_configuration(file, known)
        written = write_passwords(file.parent / PASSWORDS, passwords)
    except OSError as error:
        echo(f"{error.filename}: {error.strerror}", err=True)
        raise typer.Exit(FAILED) from None
    _print_next_steps(file, written, passwords)


def _parse(answers: list[str] | tuple[str, ...]) -> dict[str, str]:
    from mailbot.init import QUESTIONS

    known = {question.name for question in QUESTIONS}
    given = dict(answer.partition("=")[::2] for answer in answers)
    for name, value in given.items():
        if name not in known or not value:
            echo(
                f"--set {name}={value}: must be NAME=VALUE, with a NAME of {', '.join(sorted(known))}",
                err=True,
            )
            raise typer.Exit(WRONG)
    return given


def _ask(given: Mapping[str, str]) -> dict[str, str]:
    from mailbot.init import QUESTIONS

    echo("Press Enter to accept the value in brackets. You can change everything later.\n")
    return {
        question.name: given.get(question.name)
        or str(typer.prompt(question.text, default="" if question.optional else question.example)).strip()
        for question in QUESTIONS
    }


def _password(name: str) -> str:
    account = "SMTP" if name == "smtp" else "the first school's login"
    return str(
        typer.prompt(
            f"Password for {account} (Enter: later)", default="", hide_input=True, show_default=False
        )
    )


def _print_next_steps(file: Path, written: list[Path], passwords: Mapping[str, str]) -> None:
    """Print the files that were written, and the next steps."""
    from mailbot.init import PASSWORDS
    from mailbot.systemd import is_booted

    echo(f"{file}: written, with a comment for each setting.")
    for path in written:
        echo(
            f"{path}: written, with the password."
            if passwords[path.name]
            else f"{path}: empty; write the password to it."
        )
    if file.resolve() == SERVICE_FILE:
        call = "as the service: sudo mailbot check --as-service" if is_booted() else "with: mailbot check"
        echo(f"\nThen check everything {call}")
        return

    passwords_of = f"{PASSWORDS}:{file.parent.resolve() / PASSWORDS}"
    echo("\nFor systemd, run `sudo systemctl edit mailbot` and add:\n\n    [Service]")
    echo(f"    Environment=MAILBOT_CONFIG={file.resolve()}\n    LoadCredential={passwords_of}")
    echo(f"\nThen check the configuration: mailbot --config {file} check")
