"""Recognise a mere thank-you, which does not reopen a closed ticket.

Every word must be known as thanks, praise, greeting or "it works", or be the name of a person who takes part.
Any other word makes it a normal reply.
"""

import re
from collections.abc import Iterable

from mailbot.core.model.mail import Address
from mailbot.core.text.given_names import is_given_name
from mailbot.core.text.no_names import is_no_name
from mailbot.core.text.words import fold

MAX_LENGTH = 400  # characters; a longer mail has other content

# All words in their folded form.
_THANKS = frozenset(
    """
    danke danken dank dankeschoen dankschoen dankesehr bedanke bedanken vergelt vergelts
    thanks thank thx tx ty cheers appreciate appreciated
    merci remercie remercions
    grazie ringrazio
    gracias
    bedankt dankjewel dankuwel
    dziekuje dziekujemy dzieki
    tesekkuerler tesekkuer tesekkurler sagol sagolun
    koeszoenoem koeszoenjuek koeszi
    дякую дякуємо спасибі спасибо благодарю
    """.split()  # noqa: SIM905 - as below
)
# Words beside thanks: praise, "it works", what for, farewell.
_COURTESIES = frozenset(
    """
    vielen herzlichen besten lieben schoen schoenen grossen tausend vielmals recht herzlich sehr ganz so mal
    nochmal nochmals ich wir mich uns bei ihnen euch dir fuer fuers die den das der ihre ihren eure deine
    schnelle schnellen rasche prompte tolle gute super nette hilfe unterstuetzung antwort rueckmeldung
    muehe kuemmern bearbeitung erledigung reparatur info information einsatz service arbeit loesung prima toll
    klasse perfekt wunderbar spitze top grossartig genial hervorragend bestens einwandfrei tadellos ok
    sie ganzen ganzem okay okey alles klar gut es klappts gehts funktionierts hat geklappt klappt funktioniert
    geht laeuft geholfen tut jetzt nun
    wieder auch schon und freundlichen freundliche viele liebe beste schoene herzliche gruesse gruss
    gruessen mit dem vg lg mfg einen noch tag abend woche wochenende feierabend schoenes
    passt erledigt geloest behoben sich gemacht mega cool weltklasse freut freue team teams liebes kollegen
    kolleginnen lieber wow supi super service tollen guten netten nachricht mail mails wuensche wuenschen alle
    leute ganze gesamte gesamten zusammen allen beide beiden allerseits miteinander herr
    ihr seid hab habt gleichfalls ebenso ebenfalls guys schnell ging ja war gesehen begeistert
    gern gerne geschehen gott dafuer oki geklaert s we grosses lob
    geduld nett beteiligten erklaerung tipp tipps hinweis hinweise verstanden spitzenmaessig habe
    herrn frau dr prof mr ms mrs madame monsieur mme mlle pani pan

    you very much so many a lot for the your quick quickly fixing prompt great kind help support
    reply answer response to whole entire
    work it is now works working again fine well perfect wonderful excellent brilliant nice good solved
    fixed everything all job awesome best kind warm regards wishes greetings and have day evening
    weekend sincerely yours
    that mate

    beaucoup infiniment bien encore mille de aide tres vous votre vos ton ta nous je j tout toute l le la
    les une un du des d a et pour avec en c est ca cela rapide rapidite prompte efficace efficacite
    precieux precieuse gentillesse equipe bon reponse intervention reactivite depannage solution retour
    parfait parfaitement grand genial
    excellent nickel impeccable resolu repare reparation regle marche remarche fonctionne refonctionne va
    maintenant nouveau bonne belle journee soiree semaine fin week cordialement sinceres meilleures
    salutations amicalement

    yes oui si evet tak

    tante molte molto funziona perfetto saluti
    muchas muchisimas ya funciona perfecto saludos
    hartelijk het weer werkt je u wel groet groeten groetjes vriendelijke met
    bardzo działa juz wszystko pozdrawiam
    ederim ederiz cok calisiyor calısıyor sag olun
    szepen nagyon mukoedik ujra
    щиро велике велика дуже за допомогу большое огромное за помощь все работает працює усе
    """.split()  # noqa: SIM905 - a word list reads better than four hundred quotation marks
)
# Phrases of words that could also be news: "das Problem ist gelöst" is none, "noch ein Problem" is.
_PHRASES = re.compile(
    r"""
    (?:\b(?:einen?|ein|a)\ )?\b(?:(?:schön|gut|froh|erholsam|angenehm)\w{0,2}|nice|great)
      \ (?:(?:rest|start)\ (?:der|in\ die|ins)\ )?(?:(?:rest|neue)\w?\ )?
      (?:\w{0,10}(?:ferien|tage?|abend|nachmittag|woche|wochenende|feierabend|jahr|rutsch)|mittwoch
        |weihnachten|ostern|pfingsten|weekend|holidays?|day|week|erholung|besserung|schaffen)\b
    |\b(?:(?:das|mein|unser|dieses|the)\ )?problem
      \ (?:(?:ist|wurde|hat\ sich|jetzt|nun|damit|is|has\ been)\ ){0,3}
      (?:gelöst|behoben|beseitigt|erledigt|weg|vom\ tisch|solved|fixed|gone)\b
    |\b(?:(?:damit|dann)\ )?(?:ist|wurde)\ (?:(?:jetzt|nun|damit|alles|es|das)\ ){0,2}
      (?:gelöst|behoben|beseitigt|repariert|erledigt)\b
    |\b(?:fall|sache|thema)\ (?:ist\ )?(?:damit\ )?erledigt\b
    |\b(?:wir\ sind|(?:ich\ )?bin)\ (?:sehr\ )?(?:zufrieden|glücklich|begeistert)\b
    |\bwie\ (?:es\ soll|gewohnt|gewünscht)\b|\bim\ namen\ (?:der|des|aller|meiner|unserer)\ \w+
    |\bauch\ (?:ans?|von\ (?:mir|uns))\b
    |\b(?:(?:(?:das|mein|the)\ )?ticket\ )?(?:kann|darf)\ (?:(?:jetzt|nun|damit|gerne?|also)\ ){0,2}
      (?:zu|geschlossen\ werden)\b
    |\b(?:(?:der|die|das|mein|unser|ihr)\w{0,2}\ )?
      (?-i:(?!Nichts|Niemand|Kein|Kaum|Nie\b|\w{0,20}(?i:alarm|fehler|virus|absturz)\b)[A-ZÄÖÜ])\w{2,30}
      \ (?:geht|läuft|funktioniert|tut|klappt|druckt|startet)
      \ (?:(?:(?:jetzt|nun|auch|endlich)\ )?wieder\b
        |(?:jetzt\ )?(?:einwandfrei|tadellos|perfekt|bestens)\b|(?:jetzt|nun)\b(?=\s*(?:[.,!]|$)))
    |\bbitte\ (?:das\ ticket\ )?(?:schließen|zumachen)\b(?=\s*(?:[.,!]|$))
    |\b(?:es|er|sie)\ (?:druckt|scannt|läuft|geht)\ (?:jetzt\ )?wieder\b
    |\b(?:jetzt|nun)\ (?:druckt|scannt|läuft|geht)\ (?:es|er|sie)\ (?:endlich\ )?wieder\b
    |\b(?:(?:der|das|die)\ )?(?:ton|bild|internet|wlan|netz|strom|signal|zugriff)\ ist\ wieder\ da\b
    |(?:\b(?:jetzt|nun|endlich|wieder)\ (?:kann|konnte)\ ich|\b(?:ich\ )?(?:kann|konnte))
      \ (?:mich\ )?(?:(?:jetzt|nun|wieder|endlich)\ ){0,3}
      (?:anmelden|einloggen|drucken|arbeiten)\b
    |\b(?:neues\ )?(?:login|anmeldung|passwort|zugang|zugriff|link)
      \ (?:klappt|geht|funktioniert|hat\ (?:funktioniert|geklappt))\b
    |\b(?:haben|habt|hast)\ (?:mir|uns)\ den\ tag\ gerettet\b
    |\b(?:very|that\ was|really)\ fast\b|\bfast\ (?:help|reply|answer|response|support|work)\b|\bquick\ fix\b
    |\bfor\ (?:sorting|fixing|doing|looking\ into)\ (?:this|that|it)(?:\ out)?\b
    |\b(?:lösung|behebung)\ (?:des|meines|unseres)\ problems\b
    |\bdid\ the\ trick\b|\btout\ est\ rentré\ dans\ l['’]ordre\b
    |\b(?:le\ )?problème\ (?:est\ )?(?:résolu|réglé)\b|\bbons?\ week-?end\b|\bbonnes\ (?:vacances|fêtes)\b
    |\bwie\ immer\b
    |(?:(?<=danke)|(?<=dank)|(?<=dankeschön))(?:\ (?:dir|euch|ihnen|schön|sehr))?
      \ (?:fürs|für\ (?:die|den|das|(?:ihr|eur|dein)\w{0,3}))
      (?:\ (?:neu|schnell|prompt|rasch|sofortig|gut|toll|super|nett|lieb|freundlich|kurz|klar
        |ausführlich|genau|unkompliziert|kompetent|hilfreich|wertvoll|zusätzlich|schön|groß|viel|ganz|tatkräftig)e[nrs]?){0,2}
      \ (?-i:(?!\w{0,20}(?i:fehler|störung|ausfall|absturz|problem|chaos
        |alarm|virus|stau|schaden|schluss|sperre|löschung|absage|ablehnung|verwechslung|verspätung)\b)[A-ZÄÖÜ])\w{2,30}
      (?:\ (?:des|mit\ de[mr]|beim|am|im)\ (?-i:[A-ZÄÖÜ])\w{2,30})?
      (?=\s*(?:[,.!]|$|und\b))
    |\b(?:dann|damit)\ ist\ (?:ja\ )?alles\ (?:gut|erledigt)\b|\bfrohes\ fest\b
    |\bhat\ sich\ von\ (?:selbst|allein)\ (?:erledigt|gelöst)\b|\ba\ million\b
    |\bthat\ (?:has\ )?(?:solved|fixed)\ (?:the|my)\ (?:problem|issue)\b
    |(?:^|(?<=danke)|(?<=dank)|(?<=schön)|[,.!–-]|\b(?:und|and|et)\b)\s*\b
      bis\ (?:bald|dann|morgen|später|demnächst|zum\ nächsten\ mal)\b(?=[\s.,!]*$)
    |\bging\ (?:ja\ )?(?:(?:aber|echt|wirklich)\ )?(?:fix|schnell)\b|\blike\ a\ charm\b
    |\bweiß\ (?:ich\ )?bescheid\b
    |\b(?:support|it|edv|technik)-?team\b
    |\b(?:that|it)\ worked\b(?=\s*(?:[,.!]|$))
    |\bdas\ war['’]?s(?:\ (?:dann|schon))?\b|\b(?:ist\ )?alles\ (?:wieder\ )?in\ ordnung\b
    |\b(?:(?:sie|ihr|du)\ )?(?:haben|habt|hast)\ (?:mir|uns)\ (?:sehr|wirklich|super)\ (?:gut\ )?geholfen\b
    |\b(?:sie|ihr|du)\ (?:sind|seid|bist)\ (?:der|die|ein)\ (?:besten?|held\w{0,2}|schatz|engel)\b
    |\b(?:ist|sind)\ (?:gut\ |heil\ )?angekommen\b
    |\b(?:(?:habe?\ ich|ich\ habe?)\ (?:es\ |alles\ )?)?(?<!wieder\ )(?<!mal\ )(?:bekommen|erhalten)\b
    |\bdass\ (?:sie|ihr|du)\ (?:sich|euch|dich|mir|uns)\ (?:so\ )?(?:(?:schnell|gut|nett|prompt|lieb)\ )?
      (?:gekümmert|geholfen)\ (?:haben|habt|hast)\b
    |\bdass\ (?:sie|ihr|du)\ (?:mir\ |uns\ )?so\ (?:schnell|prompt|nett)\ (?:reagiert|geantwortet|geholfen)
      \ (?:haben|habt|hast)\b
    |\b(?:ich\ )?habe?\ (?:(?:ich|jetzt|nun|wieder)\ ){1,3}(?:zugriff|zugang|internet|strom|ton)\b
    |\bhat\ sich\ (?:inzwischen|bereits)\ erledigt\b|\bdann\ (?=bedanke\b)
    |\b(?:das|es)\ ist\ (?:sehr\ |wirklich\ )?(?:super|toll|prima|klasse|perfekt|lieb|nett)\b
    |\bkein\ problem\b(?=\s*(?:[.,!]|$))|\bkeine\ (?:weiteren\ )?fragen(?:\ mehr)?\b
    |\bvon\ meiner\ seite\b|\bdamit\ kann\ ich\ (?:gut\ )?(?:arbeiten|leben)\b
    |\bdass\ (?:sie|ihr|du)\ so\ schnell
      \ (?:da|hier|(?:vorbei)?gekommen)\ (?:waren|wart|warst|sind|seid|bist)\b
    |\b(?:jetzt\ )?(?:wieder\ )?alles\ (?:wieder\ )?gut\b
    |(?:(?<=danke)|(?<=dank)|(?<=schön)|(?<=grüße)|(?<=gruß))\ ans?\b
    """,
    re.I | re.X,
)
_SALUTATION = re.compile(
    r"\s*(?:hallo|hi|hey|moin|servus|grüß gott|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?|dear"
    r"|hello|bonjour|bonsoir|ch[eè]re?s?)"
    r"(?: (?:frau|herr|herrn|dr\.?|prof\.?|zusammen|team|kollegen|all|everyone|mr\.?|ms\.?|mrs\.?"
    r"|madame|monsieur|mme\.?|m\.|tous|toutes|à|et|l’équipe|l'équipe"
    r"|[^\W\d_][\w-]+)){0,4}\s*(?:[,!]|$)",
    re.I,
)
_CAPITAL = "A-ZÀ-ÖØ-ÞŁŚŠŻŽ"
_ONE_NAME = rf"(?:[{_CAPITAL}][\w'’-]*\.?|von|van|de)"
_NAME = re.compile(rf"{_ONE_NAME}(?:(?:[ ,]+| (?:&|\+|und|and|et|y|e|i|en) ){_ONE_NAME}){{0,3}}[ ,.!]*")
# The name of an unknown person alone in the last line: "(K. Beispiel)", "- Jana", "i.A. Beispiel", "Mme Au".
_TITLE = r"(?:i\. ?A\.|gez\.|Frau|Herr|Mr\.?|Mrs\.?|Ms\.?|Mme\.?|Madame|Monsieur|Dr\.|Prof\.)"
_SIGNED = re.compile(
    rf"[-–(]? ?(?P<titles>(?:{_TITLE} ?){{0,2}})"
    rf"(?P<name>[{_CAPITAL}][\w'’-]*\.?(?: (?:[{_CAPITAL}][\w'’-]*\.?|von|van|de|der|zu)){{0,3}})[).,]?"
)
_INITIAL = re.compile(rf"[{_CAPITAL}]\. ")
_ADDRESSED = re.compile(
    rf"\b(?:[Hh]errn?|[Ff]rau|Hr\.|Fr\.|Mr\.?|Mrs\.?|Ms\.?|Madame|Monsieur)(?: (?:Dr\.|Prof\.))*"
    rf" [{_CAPITAL}][\w'’-]*(?: [{_CAPITAL}][\w'’-]*)?"
)
_FAREWELL = re.compile(
    r"(?i:.*\b(?:grü(?:ß|ss)e?n?|gruss|mfg|lg|vg|bg|regards|wishes|sincerely|yours|cordialement|salutations"
    r"|amicalement)\b)[\s,.!–-]*"
)
_WORD = re.compile(r"[^\W\d_]+")
_LENGTHENED = re.compile(r"([^\W\d_])\1{2,}")  # "Dankeee", "Sooo"
_NEWS = re.compile(
    r"(?i:(?:^|[,.!–-]) ?schon wieder\b|\bhelp (?:is )?appreciated\b)"
    r"|[?\d#@👎❌❗❓⚠🆘🤔☹🙁\U0001f612-\U0001f616\U0001f61e-\U0001f62f]"
    r"|[:;=]-?[(/|\[]"
)
_EMOTICON = re.compile(r"(?<!\w)(?:[:;=8]-?[)D*P]+|<3+|xD|\^\^)(?!\w)")
_GLAD = re.compile("[👍🙏❤💚💙👏🙌👌🤝💪🎉🥳😀-😊😍😘🙂🤗🤩🌹🌷🌻💐✅]")
_FACES = re.compile("[\u200d\ufe0f\U0001f3fb-\U0001f3ff]")  # joiners, and colours of skin
_MAX_SIGNATURE_LINES = 3


def is_thanks(text: str, writer: Address, names: Iterable[str] = ()) -> bool:
    """Return whether a text says thank you and nothing else; a thumb up alone does, too.

    `names` are those of the staff and of the people who take part in the ticket. They and the name of the
    author may be anywhere. The words of the author's address count as a name only at the end, since they may
    be no name, as in beamer@schule.example.
    """
    text = _EMOTICON.sub("", text[: MAX_LENGTH + 1])
    if len(text) > MAX_LENGTH or _NEWS.search(text):
        return False
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if lines:
        lines[0] = _without_salutation(lines[0])
    plain = (_PHRASES.sub(" ", _ADDRESSED.sub(" ", line)) for line in _unsigned(lines))
    words = [fold(_LENGTHENED.sub(r"\1", word)) for line in plain for word in _WORD.findall(line)]
    while words and words[-1] in _words(writer.email.rpartition("@")[0]) - _COURTESIES:
        words.pop()
    known = _THANKS.union(_COURTESIES, *map(_words, (writer.name, *names)))
    thanks = bool(_GLAD.search(text)) or any(word in _THANKS for word in words)
    return thanks and all(word in known for word in words) and (bool(words) or _is_glad(text))


def _is_glad(text: str) -> bool:
    """Return whether a text without words is only emoji of thanks or joy."""
    return not _GLAD.sub("", _FACES.sub("", text)).strip(" \n\t.,!")


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
    {"tag", "morgen", "abend", "geehrte", "geehrter", "zusammen", "team", "all", "everyone", "ihr", "lieben"}
    | {"alle", "allerseits", "miteinander", "beiden", "liebes", "gott"}
    | {"à", "et", "tous", "toutes", "madame", "monsieur"}
)


def _unsigned(lines: list[str]) -> list[str]:
    """Return the lines without the names after a farewell or in the last line."""
    for at, line in enumerate(lines):
        farewell = _FAREWELL.match(line)
        if farewell is None:
            continue
        names = [line[farewell.end() :], *lines[at + 1 :]] if farewell.end() < len(line) else lines[at + 1 :]
        if len(names) <= _MAX_SIGNATURE_LINES and all(map(_NAME.fullmatch, names)):
            return [*lines[:at], farewell[0]]
    return lines[:-1] if len(lines) > 1 and _is_unknown_name(lines[-1]) else lines


def _is_unknown_name(line: str) -> bool:
    """Return whether a line is a name with a title or an initial, or begins with a common given name.

    Any other word may be a thing: "Danke!" and "Drucker" below it are a report.
    """
    signed = _SIGNED.fullmatch(line)
    if signed is None:
        return False
    first, *others = signed["name"].split()
    known = signed["titles"] or _INITIAL.match(signed["name"]) or is_given_name(first)
    return bool(known) and not any(map(is_no_name, others if is_given_name(first) else (first, *others)))
