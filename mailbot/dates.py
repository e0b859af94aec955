"""Days as people write them, in three languages, by the library `dateparser`, which is known here alone."""

import re
from datetime import date, datetime, timedelta

MAX_LENGTH = 40
_SETTINGS = {"PREFER_DATES_FROM": "future", "DATE_ORDER": "DMY", "RETURN_AS_TIMEZONE_AWARE": False}

# The library stumbles over these words, which do not change the day.
_AROUND = re.compile(
    r"\b(?:am|an|ab|bis|zum|zu|den|dem|der|diese[nrms]?|n(?:ä|ae)chste[nrms]?|kommende[nrms]?|on|by|until|from"
    r"|the|this|coming|next|fr(?:ü|ue)h|vormittags?|mittags?|nachmittags?|abends?|morning|noon|afternoon"
    r"|le|du|au|ce|cette|jusqu['’](?:au|à)|à (?:partir|compter)|prochaine?|matin|midi|après-midi|soir)\b"
)
_LACKING = {"dans quinze jours": "dans 15 jours"}
# "Next week" is a working week, which begins on Monday; "in a week" is seven days from today.
_WEEKS = {
    "nächste woche": 1, "naechste woche": 1, "kommende woche": 1, "in der nächsten woche": 1,
    "übernächste woche": 2, "uebernaechste woche": 2, "in der übernächsten woche": 2,
    "next week": 1, "the coming week": 1, "the week after next": 2,
    "semaine prochaine": 1, "la semaine prochaine": 1,
}  # fmt: skip
_WHOLE = re.compile(r"\b(?:woche|monat|jahr|week|month|year|semaine|mois|année)\b")
_NUMERIC = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.?\s*(\d{4}|\d{2})?")
_TELLING = re.compile(r"[^\W\d_]{2}|\d[-./]\d")


def parse_date(phrase: str, today: date) -> date | None:
    """Return the day that a phrase of today means, or None if it is ambiguous.

    A day without a year is the next one of that name: on a Wednesday, "Mittwoch" is in a week.
    """
    text = " ".join(phrase.casefold().split()).strip(" .!")
    if len(text) > MAX_LENGTH or not _TELLING.search(text):
        return None
    text = _LACKING.get(text, text)
    if weeks := _WEEKS.get(text.removeprefix("bis ").removeprefix("ab ")):
        return today + timedelta(days=7 * weeks - today.weekday())
    if not _WHOLE.search(text):
        text = " ".join(_AROUND.sub(" ", text).split()) or text
    numeric = _NUMERIC.fullmatch(text)
    return _numeric(numeric, today) if numeric else _in_words(text, today)


def _numeric(found: re.Match[str], today: date) -> date | None:
    day, month = int(found[1]), int(found[2])
    try:
        if found[3]:
            year = int(found[3])
            return date(year if year > 99 else 2000 + year, month, day)
        this = date(today.year, month, day)
        return this if this > today else this.replace(year=today.year + 1)
    except ValueError:  # there is no such day, or not in that year
        return None


def _in_words(text: str, today: date) -> date | None:
    """French comes last: its "di" is Sunday, but German "Di" is Tuesday."""
    import dateparser  # noqa: PLC0415 - it is large, and most processes never read a date

    now = datetime.combine(today, datetime.min.time())
    settings = {**_SETTINGS, "RELATIVE_BASE": now}
    found = dateparser.parse(text, languages=["de", "en"], settings=settings)
    found = found or dateparser.parse(text, languages=["fr"], settings=settings)
    return found.date() if found is not None else None
