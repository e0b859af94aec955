"""Command lines that are refused, as people write them in each language."""

from mailbot.core.model.notification import Problem, Reason

PROBLEMS = {
    "de": (
        Problem("#schliesen", Reason.UNKNOWN, nearest="schließen", meant="#schließen"),
        Problem("#priorität hochh", Reason.ARGUMENT, argument="hochh", expected="#priorität hoch"),
        Problem("#zeige GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
    "en": (
        Problem("#clsoe", Reason.UNKNOWN, nearest="close", meant="#close"),
        Problem("#priority hihg", Reason.ARGUMENT, argument="hihg", expected="#priority high"),
        Problem("#show GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
    "fr": (
        Problem("#fremer", Reason.UNKNOWN, nearest="fermer", meant="#fermer"),
        Problem("#priorité hautte", Reason.ARGUMENT, argument="hautte", expected="#priorité haute"),
        Problem("#afficher GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
}

IN_TEXT = {
    "de": Problem(
        "Läuft wieder. #schließen", Reason.IN_TEXT, "", "#schließen", "", "Läuft wieder.\n#schließen"
    ),
    "en": Problem("It works again. #close", Reason.IN_TEXT, "", "#close", "", "It works again.\n#close"),
    "fr": Problem("Il fonctionne. #fermer", Reason.IN_TEXT, "", "#fermer", "", "Il fonctionne.\n#fermer"),
}
