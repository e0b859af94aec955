"""Name what a configuration leaves open, for the first lines of the daemon."""

from collections.abc import Iterator

from mailbot.check import school_holidays
from mailbot.config import Settings
from mailbot.extras import missing


def open_points(settings: Settings, year: int, *, service: bool) -> Iterator[tuple[str, str]]:
    """Yield what is missing or is not checked, each with what to do.

    `service`: systemd runs the daemon; in a container a call has its user and its passwords anyway.
    """
    if not settings.policy.operators:
        yield "alerts reach no operator", "set bot.operators"
    if without := [school.key for school in settings.policy.schools if not school.authserv_id]:
        names = ", ".join(without) if len(without) < len(settings.policy.schools) else "all schools"
        yield (
            f"senders of new mails are not authenticated in {names}",
            "mailbot check proposes imap.authserv_id",
        )
    holidays = school_holidays(settings, year)
    if not settings.land:
        yield "no holidays are known", "set bot.land"
    elif not holidays.ok:
        yield holidays.text, "install a newer version, or set hours.closed"
    for problem in missing(settings):
        yield problem, "see docs/installation.md"
    call = "mailbot check --as-service" if service else "mailbot check"
    yield "servers are tried now; failures are logged and alerted", call
