"""Command lines that are refused, as people write them in each language."""

from mailbot.core.model.notification import Reason, RefusedLine

PROBLEMS = {
    "de": (
        RefusedLine("#schliesen", Reason.UNKNOWN, nearest="schließen", meant="#schließen"),
        RefusedLine("#priorität hochh", Reason.ARGUMENT, argument="hochh", expected="#priorität hoch"),
        RefusedLine("#zeige GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
    "en": (
        RefusedLine("#clsoe", Reason.UNKNOWN, nearest="close", meant="#close"),
        RefusedLine("#priority hihg", Reason.ARGUMENT, argument="hihg", expected="#priority high"),
        RefusedLine("#show GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
    "fr": (
        RefusedLine("#fremer", Reason.UNKNOWN, nearest="fermer", meant="#fermer"),
        RefusedLine("#priorité hautte", Reason.ARGUMENT, argument="hautte", expected="#priorité haute"),
        RefusedLine("#afficher GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
}

IN_TEXT = {
    "de": RefusedLine(
        "Läuft wieder. #schließen", Reason.IN_TEXT, "", "#schließen", "", "Läuft wieder.\n#schließen"
    ),
    "en": RefusedLine("It works again. #close", Reason.IN_TEXT, "", "#close", "", "It works again.\n#close"),
    "fr": RefusedLine("Il fonctionne. #fermer", Reason.IN_TEXT, "", "#fermer", "", "Il fonctionne.\n#fermer"),
}

NO_RECIPIENT = (RefusedLine("", Reason.NO_RECIPIENT),)
UNKNOWN_ADDRESS = (RefusedLine("", Reason.UNKNOWN_ADDRESS),)
CONFLICT = (RefusedLine("#escalate", Reason.AMBIGUOUS, argument="#close"),)
