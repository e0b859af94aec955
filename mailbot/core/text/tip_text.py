"""The text of a tip: an answer without salutation, closing formula and signature.

These rules remove more than those for replies: a requester never misses what a tip omits.
"""

import re
from collections.abc import Collection, Iterable

from mailbot.core.text.signatures import has_contact, is_only_salutation, is_sentence
from mailbot.core.text.words import words

_NAME = r"@?(?-i:[A-ZÀ-Þ][\w'’-]*\.?)"
_TITLE = (
    r"(?:frau|herrn?|dr\.?|prof\.?|dipl\.-\w+\.?|h\. ?c\.|rer\.|nat\.|phil\."
    r"|mr\.?|ms\.?|mrs\.?|madame|monsieur|mesdames|messieurs|mme\.?"
    r"|mlle\.?|m\.)(?![\w-])"
)
_GROUP = (
    r"(?:kolleg\w+|coll[eè]gues?|colleagues?|alle|zusammen|an|all|everyone|everybody|team|there|[aà]"
    r"|tous|toutes|und|and|et|liebe[rs]?|geehrte[rsn]?|dear|ch[eè]re?s?"
    r"|vo[nm]|van|d[eiau]|de[lmnr]|d[eo]s|della|la|le|te[nr]|zu[mr]?)(?![\w-])"
)
_PERSON = rf"(?:{_TITLE}|{_GROUP}|{_NAME})"
_GREETING = (
    r"(?:hallo|hallöchen|hi|hey|moin(?: moin)?|servus|salut|coucou|gr[üu](?:ß|ss) (?:gott|dich|sie|euch)"
    r"|gr[üu]ezi|guten? (?:tag|morgen|abend)|hello|good (?:morning|afternoon|evening|day)|bonjour|bonsoir)"
)
_ADDRESSED = r"(?:liebe[rs]?|(?:sehr )?geehrte[rsn]?|werte[rsn]?|dear|ch[eè]re?s?)"
_END = r"(?:[ \t]*(?:[,!;:.]+(?=\s|$)|\s[-–—](?=\s)|$))"
_SALUTATION = re.compile(
    rf"(?:{_GREETING}(?: {_PERSON}){{0,9}}|{_ADDRESSED}(?: {_PERSON}){{1,9}}){_END}"
    rf"|{_TITLE}(?: {_PERSON}){{0,4}}[,!]"
    rf"|{_NAME}(?: {_NAME}){{0,2}}[,!](?=[ \t]*$| (?:bitte|please|merci|veuillez)\b)"
    rf"|{_GREETING}(?! (?:bitte|erst|zuerst|please|try|first|merci)\b)(?: [\w.'’-]{{1,30}}){{1,2}},(?=\s)"
    r"|@[\w.'’-]{1,40}[,:]?(?=\s)"
    rf"|{_GREETING}(?: {_TITLE})* {_NAME}(?= )",  # before text without a comma
    re.I | re.M,
)

_FAREWELL = (
    r"(?:(?:mit |die |ganz |recht )?(?:(?:freundliche|beste|viele|liebe|herzliche|sch[öo]ne|kollegiale"
    r"|sonnige)[nmr]?,? (?:\w+ ){0,2})?gr(?:ü|u|ue)(?:ß|ss)e?n?|mfg|lg|vg|hochachtungsvoll"
    r"|sch[öo]ne[nsr]? (?:\w+ )?(?:tag|abend|woche|wochenende|feierabend|ferien|zeit)(?: noch)?|alles gute"
    r"|bis (?:bald|morgen|dann|später|\w+tag)|(?:best|kind|warm)?(?: ?regards| wishes)|with best wishes"
    r"|all the best|best(?=,|[ \t]*$)|sincerely|yours(?: sincerely| faithfully| truly)?|cheers"
    r"|herzlichst|tsch(?:ü|ue)ss?i?|ciao|servus"
    r"|(?:bien |très )?(?:cordialement|amicalement|respectueusement)|bien à vous|(?:bien )?à toi"
    r"|(?:\w+ )?salutations|bonne (?:journée|soirée|semaine)|bon(?:ne)? (?:week-end|vacances))"
)
_THANKS = (
    r"(?:(?:vielen|besten|herzlichen|schönen|tausend) dank|danke(?: ?schön| sehr)?|thanks|thank you|many"
    r" thanks|merci(?: beaucoup| bien| d['’]avance)?)(?: im voraus)?"
)
_ORIGIN = r"(?: (?:aus|vom?|von) \S+(?: \S+){0,2})?"
_SIGNED = r"(?:gez\.?|signed|i\. ?[av]\.|im auftrag)"
# A closing formula ends a line, alone or with a name, and begins it or follows a sentence.
_CLOSING = re.compile(
    rf"(?:^|(?<=[.!?…:)])[ \t]+)[*_]{{0,3}}"
    rf"(?:(?P<thanks>{_THANKS})(?P<more>(?: und |, | et | and ){_FAREWELL})?"
    rf"|{_FAREWELL}{_ORIGIN}|{_SIGNED}(?= {_NAME}))(?:[ \t]{{0,2}}[,.!–-]++)?"
    rf"(?P<names>(?:[ \t]+{_NAME}){{0,4}}(?: \([^()]{{1,30}}\))?)[^\w\n?]{{0,6}}$",
    re.I,
)
_FAREWELL_START = re.compile(rf"{_FAREWELL}(?!\w)", re.I)
_NAMES = re.compile(rf"{_NAME}(?: {_NAME})*")
_RULE = re.compile(r"[-–—_=*~]+")
_NO_SIGNATURE = re.compile(r"#|p\.? ?s\b|>|[-*•] ", re.I)
_TELEPHONE = re.compile(r"(?<![\w.+-])(?:\+|0)[\d(][\d ()/.-]{5,30}\d")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TITLED = re.compile(rf"\b{_TITLE}(?: {_TITLE})* {_NAME}", re.I)
_SIGNED_BY = re.compile(r"(?:dein|euer|ihr|von|i\.)", re.I)
_SIGNATURE_WORDS = frozenset(
    {
        *(
            "ihr",
            "ihre",
            "euer",
            "eure",
            "dein",
            "deine",
            "gez",
            "im",
            "auftrag",
            "herr",
            "frau",
            "dr",
            "prof",
        ),
        *("mr", "mrs", "ms", "mme", "madame", "monsieur", "von", "yours", "und", "and", "et"),
        *("it", "edv", "team", "support"),
        *("tel", "telefon", "fax", "mobil", "phone", "mail"),
    }
)
_MAX_LINES = 16
_MAX_WORDS = 6


def tip_text(answer: str, people: Collection[str], teams: Collection[str] = ()) -> str:
    """Return an answer as it is shown to people whom its author does not know.

    It has no salutation, also before other text in its line, no closing formula, and no signature: names of
    the staff at its end, and contact details below a name or a closing formula.
    """
    first, _, rest = answer.strip().partition("\n")
    text = rest.strip() if rest and is_only_salutation(first) else answer.strip()
    while text and (found := _SALUTATION.match(text)):
        text = text[found.end() :].strip()
    lines = text.splitlines()
    known = {word for name in people for word in words(name)}
    named = [set(words(team)) for team in teams]
    before: list[str] = []
    while lines != before:
        before = lines
        lines = _without_names(_without_closing(lines), known, named)
    return capitalised("\n".join(lines).strip())


def personal_details(text: str, people: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses, telephone numbers and names of people that a text has, as it writes them."""
    known = {word for name in people for word in words(name) if len(word) > 1}
    found = [
        match[0].strip(" .")
        for pattern in (_ADDRESS, _TELEPHONE, _TITLED)
        for match in pattern.finditer(text)
    ]
    written = re.findall(r"[^\W\d_][^\W_]*", text)
    found += [word for word in written if word[0].isupper() and known.issuperset(words(word)) and words(word)]
    return tuple(
        dict.fromkeys(one for one in found if not any(one != other and one in other for other in found))
    )


def _without_closing(lines: list[str]) -> list[str]:
    """Return the lines without the last closing formula and the signature below it."""
    for at in range(len(lines) - 1, max(-1, len(lines) - 1 - _MAX_LINES), -1):
        found = _CLOSING.search(lines[at].rstrip())
        if not found:
            continue
        end = next((n for n in range(at + 1, len(lines)) if not _may_sign(lines[n])), len(lines))
        if end < len(lines):  # more text follows: the signature ends with its paragraph
            blank = (n for n in range(at + 2, end) if not lines[n].strip())
            end = next(blank, end)
        if found["thanks"] and not found["more"]:
            kept = lines[at][: found.start("names")].rstrip(" \t,")
        else:
            kept = lines[at][: found.start()]
        return [*lines[:at], *([kept] if kept.strip() else []), *lines[end:]]
    return lines


def _without_names(lines: list[str], known: Collection[str], teams: list[set[str]]) -> list[str]:
    """Return the lines without names of the staff at the end, and contact details below them."""
    lines = _without_blank_end(lines)
    for at in range(max(0, len(lines) - _MAX_LINES), len(lines)):
        if _is_staff(lines[at], known, teams) and all(map(_may_sign, lines[at + 1 :])):
            return _without_blank_end(lines[:at])
    return lines


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or _RULE.fullmatch(lines[end - 1].strip())):
        end -= 1
    return lines[:end]


def _is_staff(line: str, known: Collection[str], teams: list[set[str]]) -> bool:
    """Return whether a line consists of names of the staff, with titles, initials and a closing formula."""
    line = line.strip()
    if formula := _FAREWELL_START.match(line):
        line = line[formula.end() :]
    present = set(words(_ADDRESS.sub("", _TELEPHONE.sub("", line))))
    names = present.intersection(known)
    rest = {word for word in present - names if len(word) > 1 and word not in _SIGNATURE_WORDS}
    return bool(names and not rest) or bool(present and present in teams)


def _may_sign(line: str) -> bool:
    """Return whether a line may be part of a signature: blank, a rule, contact details, a name or a role."""
    line = line.strip()
    if not line or _RULE.fullmatch(line):
        return True
    if _NO_SIGNATURE.match(line) or len(line) > 90 or is_sentence(line):
        return False
    if has_contact(line) or _TELEPHONE.search(line):
        return True
    begins = line[0].isupper() or line[0].isdigit() or line[0] in "*_(" or bool(_SIGNED_BY.match(line))
    ends = not line.endswith(("?", "!", ":", ".")) or _NAMES.fullmatch(line) is not None
    return begins and ends and len(line.split()) <= _MAX_WORDS


def capitalised(text: str) -> str:
    """Return a text that begins in upper case, as it may not after a salutation; a name as "iPad" stays."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return text[:1].upper() + text[1:] if word.isalpha() and word.islower() else text
