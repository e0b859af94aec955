"""Calls that show what became of mails: find, today."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import typer

from mailbot.cli.common import (
    Config,
    Json,
    app,
    desk_of,
    echo,
    folders_of,
    parse_day,
    print_json,
    print_table,
    require_school,
)
from mailbot.clock import utc_now

School = Annotated[str | None, typer.Option("--school", help="Only the mails of this school.")]


@app.command("find")
def find_call(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="A part of a sender, recipient, Message-ID or subject.")],
    config: Config = None,
    school: School = None,
    days: Annotated[
        int, typer.Option(min=1, max=36_500, help="Search the mails of this number of days.")
    ] = 90,
    json_: Json = False,
) -> None:
    """Find received and outgoing mails; show what became of each, why, and where it is."""
    from mailbot.service.mail_log import MAX_FOUND, find_mails

    if not text.strip():
        raise typer.BadParameter("must not be empty", param_hint="TEXT")
    with desk_of(context, config) as (desk, settings):
        wanted = require_school(desk, school)
        found = find_mails(desk, folders_of(settings), text.strip(), days, wanted, utc_now())
    if json_:
        print_json(found)
    else:
        for mail in found["mails"]:
            _print(mail)
        if not found["complete"]:
            echo(f"These are the newest {MAX_FOUND} mails; use a longer text, --school or --days.", err=True)
        if not found["mails"]:
            echo(f"no mail since {found['since'][:10]} has this text; --days N searches more days", err=True)


@app.command()
def today(
    context: typer.Context,
    config: Config = None,
    school: School = None,
    day: Annotated[
        date | None,
        typer.Option(
            parser=parse_day, metavar="YYYY-MM-DD", help="Show this day instead of today.", show_default=False
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Summarise the mails of today by school; show why a mail opened no ticket."""
    from mailbot.core.model.outcomes import OutcomeGroup
    from mailbot.service.mail_log import summary

    with desk_of(context, config) as (desk, settings):
        wanted = require_school(desk, school)
        found = summary(desk, folders_of(settings), day, wanted, utc_now())
    if json_:
        print_json(found)
        return
    echo(f"{found['day']} ({found['timezone']})\n")
    groups = [group.value for group in OutcomeGroup if any(s[group.value] for s in found["schools"])]
    titles = ("school", "came", *groups, "sent", "not sent")
    print_table(titles, [_row(s, groups) for s in found["schools"]], numbers=titles[1:])
    silent = (OutcomeGroup.OPENED, OutcomeGroup.ANSWERED)
    for mail in (mail for s in found["schools"] for mail in s["mails"] if not _is_in(mail, silent)):
        echo("")
        _print(mail)


def _is_in(mail: Mapping[str, Any], groups: tuple[str, ...]) -> bool:
    from mailbot.core.model.outcomes import outcome_of

    return outcome_of(mail["outcome"]).group in groups


def _row(school: Mapping[str, Any], groups: list[str]) -> tuple[str, ...]:
    sent = school["outgoing"].get("sent", 0)
    counts = (school["came"], *(school[name] for name in groups))
    return (school["school"], *map(str, counts), str(sent), str(sum(school["outgoing"].values()) - sent))


def _print(mail: Mapping[str, Any]) -> None:
    """Print a mail with its outcome, its ticket, its folder and the reasons."""
    at = mail["at"][:16].replace("T", " ")
    arrow = "<-" if mail["direction"] == "in" else "->"
    person = mail["sender"] if mail["direction"] == "in" else mail["recipient"]
    echo(" ".join(f"{at} {mail['school']} {arrow} {person or '(no address)'}: {mail['subject']}".split()))
    ticket = f", {mail['ticket']}" if mail["ticket"] else ""
    place = f"; folder {mail['folder']}" if mail["folder"] else ""
    see = f"; {mail['see']}" if mail["see"] else ""
    echo(f"    {mail['outcome']}{ticket}: {mail['sentence']}{place}{see}")
    for reason in mail["because"]:
        echo(f"    - {' '.join(reason.split())}")
