"""Recognise a mere thank-you, which does not reopen a closed ticket.

Every word must be known as thanks, praise, greeting or "it works". Any other word makes it a normal reply.
"""

import re

from mailbot.core.model.mail import Address
from mailbot.core.text.words import fold

MAX_LENGTH = 400  # characters; a longer mail has other content

_THANKS = frozenset(
    """
    danke dank dankeschoen dankesehr bedanke bedanken thanks thank thx merci remercie remercions
    """.split()  # noqa: SIM905 - as below
)
_COURTESIES = frozenset(
    """
    vielen herzlichen besten lieben schoen schoenen grossen tausend vielmals recht herzlich sehr ganz so mal
    nochmal nochmals ich wir mich uns bei ihnen euch dir fuer die den das der ihre ihren eure deine
    schnelle schnellen rasche prompte tolle gute super nette hilfe unterstuetzung antwort rueckmeldung
    muehe bearbeitung erledigung reparatur info information einsatz service arbeit loesung prima toll
    klasse perfekt wunderbar spitze top grossartig genial hervorragend bestens einwandfrei tadellos ok
    okay okey alles klar gut es hat geklappt klappt funktioniert geht laeuft geholfen tut jetzt nun
    wieder auch schon und freundlichen freundliche viele liebe beste schoene herzliche gruesse gruss
    gruessen mit aus dem vg lg mfg einen noch tag abend woche wochenende feierabend schoenes you very
    much so many a lot for the your quick fast prompt great kind help support reply answer response work
    it is now works working again fine well perfect wonderful excellent brilliant nice good solved fixed
    everything all best kind warm regards wishes greetings and have day evening weekend sincerely yours
    beaucoup infiniment bien encore mille de aide tres vous votre vos ton ta nous je j tout toute l le la
    les une un du des d a et pour avec en c est ca cela rapide rapidite prompte efficace efficacite
    gentillesse reponse intervention reactivite depannage solution retour parfait parfaitement grand genial
    excellent nickel impeccable resolu repare reparation regle marche remarche fonctionne refonctionne va
    maintenant nouveau bonne belle journee soiree semaine fin week cordialement sinceres meilleures
    salutations amicalement
    """.split()  # noqa: SIM905 - a word list reads better than four hundred quotation marks
)
_SALUTATION = re.compile(
    r"\s*(?:hallo|hi|hey|moin|servus|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?|dear|hello"
    r"|bonjour|bonsoir|ch[eè]re?s?)"
    r"(?: (?:frau|herr|herrn|dr\.?|prof\.?|zusammen|team|kollegen|all|everyone|mr\.?|ms\.?|mrs\.?"
    r"|madame|monsieur|mme\.?|m\.|tous|toutes|à|et|l’équipe|l'équipe"
    r"|[A-ZÄÖÜ][\w-]+)){0,4}\s*[,!]",
    re.I,
)
_FAREWELL = re.compile(
    r"(?i:.*\b(?:grü(?:ß|ss)e?n?|gruss|mfg|lg|vg|regards|wishes|sincerely|yours|cordialement|salutations"
    r"|amicalement)\b)"
)
_NAME = re.compile(r"(?:(?:[A-ZÄÖÜ][\w'’-]*|[A-ZÄÖÜ]\.|von|van|de)[ ,]*){1,4}")
_WORD = re.compile(r"[^\W\d_]+")
_NEWS = re.compile(r"[?\d#@]")
_MAX_SIGNATURE_LINES = 3


def is_thanks(text: str, writer: Address) -> bool:
    """Return whether a text says thank you and nothing else.

    The name of the author may be anywhere. The words of their address count as a name only at the end, since
    they may be no name, as in beamer@schule.example.
    """
    if len(text) > MAX_LENGTH or _NEWS.search(text):
        return False
    own = _words(writer.name)
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if lines:
        lines[0] = _without_salutation(lines[0])
    words = [fold(word) for line in _unsigned(lines) for word in _WORD.findall(line)]
    while words and words[-1] in _words(writer.email.rpartition("@")[0]) - _COURTESIES:
        words.pop()
    known = _THANKS | _COURTESIES | own
    return any(word in _THANKS for word in words) and all(word in known for word in words)


def _words(name: str) -> set[str]:
    return {fold(word) for word in _WORD.findall(name)}


def _without_salutation(line: str) -> str:
    """Return the line without its salutation.

    Names begin with a capital letter: "Hallo Herr Muster," is a salutation, "Hallo Beamer aus," is not.
    """
    found = _SALUTATION.match(line)
    if found is None:
        return line
    names = found[0].rstrip("!, ").split()[1:]
    return line[found.end() :] if all(n[0].isupper() or n in _LOWER for n in names) else line


_LOWER = frozenset(
    {"tag", "morgen", "abend", "geehrte", "geehrter", "zusammen", "team", "all", "everyone"}
    | {"à", "et", "tous", "toutes", "madame", "monsieur"}
)


def _unsigned(lines: list[str]) -> list[str]:
    """Return the lines without the names below a farewell."""
    for at, line in enumerate(lines):
        names = lines[at + 1 :]
        if _FAREWELL.match(line) and len(names) <= _MAX_SIGNATURE_LINES and all(map(_NAME.fullmatch, names)):
            return lines[: at + 1]
    return lines
