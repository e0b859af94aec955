"""Words of texts: folding, splitting, search terms and stop words."""

import re
import unicodedata
from dataclasses import dataclass

from mailbot.core.model.mail import Address


def fold(word: str) -> str:
    """Return a word in its form for comparisons: lower case, ä as ae, ß as ss, other accents removed."""
    word = unicodedata.normalize("NFKC", word).casefold()
    word = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


MAX_QUERY_TERMS = 8
MAX_TERM_LENGTH = 40  # characters; longer words are truncated, in texts and in queries

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text without duplicates; they consist of letters and digits."""
    found = _WORD.findall(fold(unicodedata.normalize("NFC", text)))
    return tuple(dict.fromkeys(word[:MAX_TERM_LENGTH] for word in found))


def query_terms(text: str) -> tuple[str, ...]:
    """Return the words of a search query, eight at most."""
    return words(text)[:MAX_QUERY_TERMS]


_WORDS = """
    aber about after again all alle allem allen alles als also and any anybody are auch auf aus because
    been before bei beim bereits best beste besten bin bis bitte brauche brauchen but can cannot could
    da dabei damit danach dank danke dann das dass day dear dein dem den denn der des deshalb dich die
    dies diese diesem diesen dieser dieses dir doch does doing don done dort durch ein eine einem einen
    einer eines einmal er erst es etwas euch every for frau freundliche freundlichen from fuer ganz gar
    geehrte geehrten geehrter gehen geht gern gerne get gibt gleich good gruesse gruss guten habe haben
    had hallo has hat hatte have hello help her here herr herzliche herzlichen heute hier hilfe him his
    how ich ihm ihn ihnen ihr ihre ihren im immer in ins into issue ist its ja jede jeder jemand jetzt
    just kann kein keine keinen kind know koennen koennt koennte koennten kollege kollegen kollegin
    kommt leider liebe lieben lieber liebes like mal man mehr mein meine meinem meinen meiner mfg mich
    mir mit moechte more morgen morning muss nach need nicht nichts noch not now nun nur ob oder off
    ohne one only our out please problem probleme regards same schoene schoenen schon school schueler
    schule sehr sein seine seit seitdem should sich sie since sind so sobald sollte some sonst still
    student students support tag tage team thank thanks that the their them then there these they this
    ticket today too two ueber um und uns unser unsere unter very viel viele vielen vom von vor wann
    want war waren warum was weg weil weiss welche wenn wer werden were what when where which while who
    why wie wieder will wir wird with wo wohl would wurde wurden you your yours zu zum zur zwar
    afin ai aide ainsi alors apres assez au aucun aucune aujourd aussi autre autres aux avance avant
    avec avez avoir avons beaucoup bien bonjour bonne bonsoir ca car cas ce cela ces cet cette chaque
    cher chere classe comme comment cordialement cours dans demain depuis deux deja doit donc elle elles
    eleve eleves encore enseignant enseignante entre est etait etes etre eux fait faire faut fois
    fonctionne fonctionnent hier hui ici ils jour journee jusqu la les leur leurs lors lorsque lui
    madame mais marche marchent matin meme merci mes moi moins mon monsieur ne ni nos notre nous nouveau
    ou par parce parfois pas pendant peu peut peux plus plusieurs possible pour pourquoi pourriez pouvez
    problemes pu puis puisque quand que quel quelle quelque quelques qui quoi rien sa salutations sans
    semaine sera ses si sommes sont souvent suis sur tous tout toute toutes toujours tres une vers
    veuillez voici voir vos votre vous
"""

STOPWORDS = frozenset(_WORDS.split())


MAX_TERMS = 24

_MIN_LENGTH = 3


def content_words(text: str) -> tuple[str, ...]:
    """Return the words of a text without stop words and short words."""
    return tuple(word for word in words(text) if len(word) >= _MIN_LENGTH and word not in STOPWORDS)


@dataclass(frozen=True, slots=True)
class TermSet:
    """The terms of a new ticket, and those of them that are in its subject."""

    school: str
    words: tuple[str, ...]
    subject: frozenset[str]


def terms(school: str, subject: str, text: str, requester: Address | None) -> TermSet:
    """Return the terms of a new ticket, without stop words and the name of the requester."""
    own = set(words(f"{requester.name} {requester.email}")) if requester else set()
    in_subject, in_text = (
        tuple(word for word in content_words(t) if word not in own) for t in (subject, text)
    )
    return TermSet(school, tuple(dict.fromkeys((*in_subject, *in_text)))[:MAX_TERMS], frozenset(in_subject))
