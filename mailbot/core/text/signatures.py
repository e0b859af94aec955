"""Recognise salutations, closing formulas and signatures of people."""

import re
from itertools import pairwise

from mailbot.core.text.program_lines import (
    banner_length,
    is_mobile_signature,
    is_notice,
    is_program_line,
)

_SIGNOFF = re.compile(
    r"[\s*_]*(?:(?:mit |die |ganz )?(?:freundliche[nm]?|besten?|viele[n]?|liebe[n]?|herzliche[nm]?"
    r"|sch[öo]ne[n]?|kollegiale[nm]?|sonnige[n]?)\b.{0,30}(?:gr[üu](?:ß|ss|se)|dank|abend|tag)"
    r"|gr[üu](?:ß|ss)|mfg|lg\b|vg\b|hochachtungsvoll|(?:best|kind|warm|with|many)?\s*(?:regards"
    r"|wishes)|cheers|thanks|thank you|sincerely|yours|danke|saludos|mvh|hilsen"
    r"|(?:bien |très )?(?:cordialement|amicalement|respectueusement)|bien à vous"
    r"|merci(?: (?:beaucoup|bien|d['’]avance|à (?:vous|tous)|et|encore))*\W*$"
    r"|(?:sincères|meilleures|cordiales) salutations|bonne (?:journée|soirée)|salutations"
    r"|(?:met )?(?:vriendelijke|hartelijke) groet|groet(?:en|jes)?\b|mvg\b"
    r"|(?:serdecznie )?pozdrawiam|pozdrowienia|z poważaniem|z wyrazami szacunku"
    r"|(?:cordiali|distinti|cari|un caro) saluti?|saluti\b|un (?:cordial )?saludo|atentamente"
    r"|saygılarım|saygılar|selamlar|iyi (?:çalışmalar|günler))",
    re.I,
)


def is_signoff(line: str) -> bool:
    """Return whether a line is a closing formula."""
    return len(line) < 90 and bool(_SIGNOFF.match(line))


_FAREWELL = re.compile(
    r"[\s*_]*(?:.{0,40}gr[üu](?:ß|ss|se)|mfg|lg\b|vg\b|hochachtungsvoll|.{0,20}(?:regards|wishes)"
    r"|sincerely|yours|.{0,20}(?:cordialement|amicalement|salutations)|bien à vous"
    r"|.{0,20}\bgroet(?:en|jes)?\b(?!-)|mvg\b"
    r"|.{0,12}pozdrawiam|pozdrowienia|z poważaniem|z wyrazami"
    r"|.{0,12}\bsaluti?\b(?!-)|.{0,12}\bsaludos?\b(?!-)|atentamente|saygılar|selamlar"
    r"|iyi (?:çalışmalar|günler))"
)  # in lower case
_FAREWELL_STEMS = (
    *("gr", "mfg", "lg", "vg", "hoch", "regard", "wish", "sincer", "yours"),
    *("cordial", "amical", "salut", "bien à", "groet", "mvg", "pozdr", "z poważ", "z wyraz", "salud"),
    *("atentam", "saygı", "selam", "iyi "),
)  # a part of each of these words, for a cheap test
_CONTACT = re.compile(
    # At the start of a word, since "Laptop 2024-1183" is no telephone; a French "portable" may be a laptop.
    r"\b(?:(?:t[ée]l|fon|phone|fax|mob|handy|cell)\w{0,6}|[tmfp]\b)\.?\s*[:.]?\s*[+(]?\d[\d ()/.-]{4,}"
    r"|\bportable\s*:?\s*[+(]?[+0][\d ()/.-]{6,}"
    r"|\+\d{2}[\d ()/.-]{6,}|\A\s*\(?0\d{2,5}\)?[ /-]{1,3}\d{3}"
    r"|www\.|https?://|[\w.+-]+@[\w-]+\.\w|(?<!\d)\d{5} [A-ZÄÖÜ]\w"
    r"|(?:straße|strasse|str\.|platz|weg|allee) \d"
    r"|\d,? (?:bis |ter )?(?:rue|avenue|av\.|boulevard|bd|place|chemin|quai|allée|impasse) ",
    re.I,
)
# Possessive repetitions: the same characters fit into word and separator, so backtracking is polynomial.
_NAME_LINE = re.compile(r"[^\W\d_a-zß-ÿ][\w.'’-]*+(?:[ ,/&]++[\w.'’&()-]++){0,5}|_{3,}|-{3,}")
_RULE = re.compile(r"[-–—_=*~]+")
_NOT_CONTACT = re.compile(r"\s*(?:#|p\.? ?s\b|>)", re.I)
_CONTACT_LINES = 16


def _is_farewell(line: str) -> bool:
    line = line.lower()
    return len(line) < 90 and any(map(line.__contains__, _FAREWELL_STEMS)) and bool(_FAREWELL.match(line))


def has_contact(line: str) -> bool:
    """Return whether a line has a telephone number, a link or an address."""
    return bool(_CONTACT.search(line))


def contact_block(lines: list[str]) -> int:
    """Return the line at which contact details begin below closing formula and name; else the line count.

    Contact details have at least two lines with a telephone number, a link or an address, and no sentence.
    """
    tail = range(max(0, len(lines) - 3 * _CONTACT_LINES), len(lines))
    greeting = next((at for at in reversed(tail) if _is_farewell(lines[at])), None)
    if greeting is None:
        return len(lines)
    begin = _after_name(lines, greeting)
    block = [line for line in lines[begin:] if line.strip()]
    if len(block) > _CONTACT_LINES or any(len(line) > 90 or _NOT_CONTACT.match(line) for line in block):
        return len(lines)
    if sum(bool(_CONTACT.search(line)) for line in block) < 2 or any(map(is_sentence, block)):
        return len(lines)
    return begin


_LOWER_WORD = re.compile(r"(?<![\w.@/-])[a-zß-ÿ]{2,}(?![\w@/-]|\.\w)")
_PRONOUN = re.compile(
    r"(?<!\w)(?:ich|wir|mir|mich|uns|bitte|ist|sind|war|geht|kann|können|habe|haben|i|we|please|is|are|can|je|nous"
    r"|est|svp)(?!\w)",
    re.I,
)


# Matches "Kabel getauscht, läuft.", but no role or school; such short answers are below rules, too.
_ANSWER = re.compile(r"[^\n:@\d]{0,60}[a-zß-ÿ]{3,},? (?:[a-zß-ÿ]{2,12} ){0,6}[a-zß-ÿ]{3,}[.!]")


def is_sentence(line: str) -> bool:
    """Return whether a line is a sentence by a person rather than a name, a role or contact details."""
    text = line[:300].strip()
    words = len(_LOWER_WORD.findall(text))
    return text.endswith("?") or (words >= 3 and (text[-1:] in ".!" or bool(_PRONOUN.search(text))))


def is_address(lines: list[str]) -> bool:
    """Return whether lines after a mere rule are a name and an address rather than more text."""
    filled = [line.strip() for line in lines if line.strip()]
    if any(_NOT_CONTACT.match(line) or is_sentence(line) or _ANSWER.fullmatch(line) for line in filled):
        return False
    if any(_CONTACT.search(line) for line in filled):
        return len(filled) == 1 or any("@" in line or _NAME_LINE.fullmatch(line) for line in filled)
    if not filled or len(filled) > 6 or " " not in filled[0]:
        return False
    return all(_NAME_LINE.fullmatch(line) and not any(map(str.isdigit, line)) for line in filled)


def notices(lines: list[str], *, closed: bool | None = None) -> int:
    """Return the line at which notices of confidentiality begin at the end; else the line count.

    `closed`: a closing formula is above the lines; without it, they are searched for one.
    """
    end = len(lines)
    while end:
        begin = end
        while begin and lines[begin - 1].strip():
            begin -= 1
        paragraph = " ".join(lines[begin:end][:40])
        if not begin or not is_notice(paragraph, closed=True):
            break
        closed = any(map(is_signoff, lines[-80:])) if closed is None else closed
        if not is_notice(paragraph, closed=closed):
            break
        end = begin
        while end and not lines[end - 1].strip():
            end -= 1
    return end


def contact_details(signature: str) -> str:
    """Return a signature without rules, lines of programs, warnings of gateways and notices."""
    lines = [line for line in signature.splitlines() if not is_program_line(line)]
    count, column = banner_length(lines)
    lines = lines[count + bool(column) :]
    lines = ["", *lines][: notices(["", *lines], closed=True)]
    lines = [line for line in lines if not _RULE.fullmatch(line.strip())]
    return "\n".join(lines).strip()


def _after_name(lines: list[str], greeting: int) -> int:
    """Return the line after the paragraph with the name below a closing formula."""
    at = greeting + 1
    while at < len(lines) and not lines[at].strip():
        at += 1
    first = at
    while at < len(lines) and lines[at].strip() and at - first < 2 and not _CONTACT.search(lines[at]):
        at += 1
    return at


_GREETING = (
    r"(?:hallo|hi|hey|moin|servus|gr[üu](?:ß|ss) gott|guten? (?:tag|morgen|abend)|liebe[rs]?"
    r"|sehr geehrte[rs]?|dear|hello|good (?:morning|afternoon|evening|day)"
    r"|bonjour|bonsoir|ch[eè]re?s?)\b(?!-)"
)
_TITLE = r"(?:frau|herrn?|dr\.?|prof\.?|mr\.?|ms\.?|mrs\.?|madame|monsieur|mme\.?|m\.)"
_NAMES = r"(?-i:(?: [A-ZÀ-Þ][\w.'’-]*){1,3})"
# A comma may be followed by another greeting or a name; any other text after it is content.
_SALUTATION = re.compile(
    rf"{_GREETING}[^.?!,]{{0,60}}(?:, (?:{_GREETING}[^.?!,]{{0,60}}|{_TITLE}{_NAMES}))*[,!.]?", re.I
)
_THANKS = re.compile(r"dank|thank|merci", re.I)
_SIGNED_LINES = 4
_SALUTATION_WORDS = 6


def is_salutation(line: str) -> bool:
    """Return whether a line is a salutation, such as "Hallo Frau Muster,"."""
    line = line.strip()
    return len(line.split()) <= _SALUTATION_WORDS and bool(_SALUTATION.fullmatch(line))


def is_only_salutation(line: str) -> bool:
    """Return whether a salutation has no words of a message: "Hallo Frau Muster bitte kommen!" has."""
    more = line.split()[1:]
    return is_salutation(line) and (
        line.rstrip().endswith(",") or not any(word[0].islower() for word in more)
    )


def is_only_greeting(text: str, writer: str) -> bool:
    """Return whether a text is nothing but a salutation, a closing formula and the writer's name."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and is_salutation(lines[0]):
        del lines[0]
    if lines and is_signoff(lines[0]) and not _THANKS.search(lines[0]):
        return len(lines) <= _SIGNED_LINES and not any(_says_more(line) for line in lines[1:])
    names = set(writer.casefold().split())
    return all(is_mobile_signature(line) or set(line.casefold().split()) <= names for line in lines)


def _says_more(line: str) -> bool:
    """Return whether a line below the closing formula is a sentence rather than a name, role or school."""
    return len(line.split()) > 6 or line.endswith(("?", "!", ".")) or ":" in line


_POLITE = frozenset(
    {
        *("bitte", "danke", "dankeschön", "jetzt", "lg", "mfg", "please", "thanks", "now", "merci", "svp"),
        *("bitteschön", "pls", "plz", "thx", "stp", "cheers"),
        *("maintenant", "ticket", "tickets", "und", "and", "et"),
        *("nr", "no", "nummer", "number", "numéro", "meldung", "anfrage", "demande"),
    }
)
_POLITE_PHRASES = frozenset(
    {
        *(
            ("vielen", "dank"),
            ("besten", "dank"),
            ("herzlichen", "dank"),
            ("danke", "schön"),
            ("danke", "sehr"),
            ("bitte", "schön"),
            ("bitte", "sehr"),
            ("danke", "dir"),
            ("danke", "euch"),
        ),
        *(("sil", "vous"), ("vous", "plaît"), ("sil", "te"), ("te", "plaît")),
        *(("das", "ticket"), ("die", "meldung"), ("the", "ticket"), ("this", "ticket"), ("le", "ticket")),
        *(("viele", "grüße"), ("thank", "you"), ("many", "thanks"), ("merci", "beaucoup")),
    }
)


def without_politeness(words: list[str]) -> list[str]:
    """Return the words of a command's argument without polite words and emoji at both ends."""
    plain = [_alphanumeric(word) for word in words]
    polite = {at for at, word in enumerate(plain) if word in _POLITE or not word}
    for at, phrase in enumerate(pairwise(plain)):
        polite |= {at, at + 1} if phrase in _POLITE_PHRASES else set()
    kept = [at for at in range(len(words)) if at not in polite]
    return words[kept[0] : kept[-1] + 1] if kept else []


def _alphanumeric(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))
