"""Express an age as people do: in days, weeks, months and years of the calendar."""

from datetime import datetime, tzinfo


def age(then: datetime, now: datetime, zone: tzinfo) -> tuple[str, int]:
    """Return the unit and how many of it: "today", "yesterday", or 2 and more days, weeks, months, years."""
    days = (now.astimezone(zone).date() - then.astimezone(zone).date()).days
    if days <= 0:
        return "today", 0
    if days == 1:
        return "yesterday", 1
    table = ((14, "days", 1), (61, "weeks", 7), (730, "months", 30))
    unit, length = next(((unit, length) for below, unit, length in table if days < below), ("years", 365))
    return unit, days // length
