"""Lines that are no commands, as people mistype them in each language."""

from mailbot.core.notice import Problem, Reason

PROBLEMS = {
    "de": (
        Problem("#schliesen", Reason.UNKNOWN, nearest="schließen"),
        Problem("#priorität hochh", Reason.ARGUMENT, argument="hochh", expected="#priorität hoch"),
        Problem("#zeige GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
    "en": (
        Problem("#clsoe", Reason.UNKNOWN, nearest="close"),
        Problem("#priority hihg", Reason.ARGUMENT, argument="hihg", expected="#priority high"),
        Problem("#show GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
    "fr": (
        Problem("#fremer", Reason.UNKNOWN, nearest="fermer"),
        Problem("#priorité hautte", Reason.ARGUMENT, argument="hautte", expected="#priorité haute"),
        Problem("#afficher GYM-9999", Reason.NO_SUCH_TICKET, argument="GYM-9999"),
    ),
}
