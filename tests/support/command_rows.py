"""Each command in three languages: who writes it, its effect, and who is notified."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from mailbot.core.model.effects import (
    RecordHelped,
    Register,
    ResendMails,
    SaveAnswer,
    SetAbsence,
    SetBlocked,
    SetTip,
    SolveByTip,
)
from mailbot.core.model.facts import Change, SentNotification
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Direction, Message, Priority, Role, Status, Ticket, Visibility
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    HANNA,
    KARL,
    LENA,
    MAX,
    NOW,
    TINA,
    TONI,
    Outcome,
    closed,
    ticket,
)

LENAS = ticket()
UP = ticket(level=2)
OTHER = ticket(12, requester=Address("olga@schule.example"), cc=())
ASKED = Message(Direction.IN, Visibility.PUBLIC, Address(LENA), "Der Beamer ist dunkel.", EARLIER)
AGAIN = Message(Direction.IN, Visibility.PUBLIC, Address(LENA), "Und der Drucker ist leer.", NOW)
HISTORY = (ASKED, AGAIN)


def saved(done: Outcome) -> list[SavedAnswer]:
    """Return the versions of saved answers that a mail saved."""
    return [effect.answer for effect in done.effects if isinstance(effect, SaveAnswer)]


def last_change(actor: str) -> Change:
    """Return a change that closed the ticket and notified the requester."""
    notified = (SentNotification(Address(LENA), Role.REQUESTER, NotificationKind.CLOSED),)
    return Change(actor, EARLIER.replace(hour=23), ticket(assignee=Address(ERIKA)), notified)


@dataclass(frozen=True)
class Row:
    """One command: `lines` and `wrong` are in each language, written about the ticket `about`.

    `notified` is who gets which notification when `writer` writes a line, with `text` above it.
    """

    lines: tuple[str, str, str]
    holds: Callable[[Outcome], bool]
    notified: set[tuple[str, str]]
    writer: str = MAX
    about: Ticket | None = LENAS
    wrong: tuple[str, ...] = ()
    text: str = ""


ROWS = {
    "close": Row(
        ("#close", "#erledigt", "#résolu"),
        lambda done: done.ticket().status is Status.CLOSED,
        {(LENA, "closed"), (KARL, "closed"), (ERIKA, "closed_team"), (MAX, "command_receipt")},
        wrong=("#close Beamer", "#schließen Beamer", "#fermer Beamer"),
    ),
    "escalate": Row(
        ("#escalate", "#weiterleiten", "#transmettre"),
        lambda done: (done.ticket().level, done.ticket().status) == (2, Status.OPEN),
        {
            (LENA, "escalated_requester"),
            (KARL, "escalated_requester"),
            (TONI, "escalated_second_level"),
            (TINA, "escalated_second_level"),
            (ERIKA, "escalated_team"),
            (MAX, "command_receipt"),
        },
        wrong=("#escalate sofort", "#eskalieren sofort", "#escalader vite"),
        text="Das muss die Technik ansehen.",
    ),
    "return": Row(
        ("#return", "#zurück", "#renvoyer"),
        lambda done: done.ticket().level == 1,
        {(MAX, "returned"), (ERIKA, "returned"), (TONI, "command_receipt")},
        writer=TONI,
        about=UP,
        wrong=("#return Max", "#zurück morgen", "#retourner vite"),
    ),
    "wait": Row(
        ("#wait", "#rückfrage", "#attendre"),
        lambda done: done.ticket().status is Status.WAITING,
        {(LENA, "waiting"), (KARL, "waiting"), (ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#wait lange", "#warten lange", "#attente longue"),
        text="Welcher Raum ist es?",
    ),
    "remind": Row(
        ("#remind Friday", "#wiedervorlage Fr", "#rappel vendredi"),
        lambda done: done.ticket().due is not None,
        {(MAX, "command_receipt")},
        wrong=("#remind", "#wiedervorlage", "#remind bald", "#wiedervorlage bald", "#rappel bientôt"),
    ),
    "visit": Row(
        ("#visit Friday 11:00", "#termin Fr 11 Uhr 45 min Raum 204", "#rdv vendredi à 11h30"),
        lambda done: done.ticket().appointment is not None and done.ticket().due is not None,
        {
            (LENA, "appointment"),
            (MAX, "appointment"),
            (ERIKA, "assigned_info"),
            (MAX, "command_receipt"),
        },
        wrong=("#visit", "#visit Friday", "#termin Fr", "#termin bald 11:00", "#rdv vendredi 25h00"),
    ),
    "reopen": Row(
        ("#reopen", "#öffnen", "#rouvrir"),
        lambda done: done.ticket().status is Status.OPEN,
        {(LENA, "reopened"), (KARL, "reopened"), (ERIKA, "reopened"), (MAX, "command_receipt")},
        about=closed(),
        wrong=("#reopen again", "#öffnen wieder", "#rouvrir vite"),
    ),
    "take": Row(
        ("#take", "#übernehmen", "#prendre"),
        lambda done: done.ticket().assignee is not None,
        {(ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#take mich", "#übernehmen mich", "#prendre moi"),
    ),
    "assign": Row(
        ("#assign Erika", "#zuweisen Erika", "#attribuer Erika"),
        lambda done: done.ticket().assignee == Address(ERIKA, "Erika Muster"),
        {(ERIKA, "assigned"), (MAX, "command_receipt")},
        wrong=("#assign", "#zuweisen", "#assign Hanna", "#zuweisen Niemand", "#assigner Personne"),
    ),
    "note": Row(
        ("#note", "#notiz", "#interne"),
        lambda done: done.message.visibility is Visibility.INTERNAL,
        {(ERIKA, "note"), (MAX, "command_receipt")},
        wrong=("#note", "#intern", "#interne"),  # without any text
        text="Die Lampe liegt im Keller.",
    ),
    "priority": Row(
        ("#priority high", "#priorität hoch", "#priorité haute"),
        lambda done: done.ticket().priority is Priority.HIGH,
        {(MAX, "command_receipt")},
        wrong=("#priority", "#priorität", "#priority very", "#priorität sehr", "#priorité très"),
    ),
    "cc": Row(
        ("#cc olga@schule.example", "#kopie olga@schule.example", "#copie olga@schule.example"),
        lambda done: "olga@schule.example" in [person.email for person in done.ticket().cc],
        {("olga@schule.example", "added_to_cc"), (MAX, "command_receipt")},
        wrong=("#cc", "#kopie", "#cc Olga", "#kopie Olga", "#copie Olga"),
    ),
    "for": Row(
        ("#for olga@schule.example", "#für olga@schule.example", "#pour olga@schule.example"),
        lambda done: done.ticket().requester.email == "olga@schule.example",
        {("olga@schule.example", "added_to_cc"), (MAX, "command_receipt")},
        wrong=("#for", "#für", "#for a@b.example c@d.example", "#für Olga", "#pour Olga"),
    ),
    "merge": Row(
        ("#merge 12", "#zusammenführen 12", "#fusionner 12"),
        lambda done: (done.ticket().messages, done.ticket("GYM-12").messages) == (0, 2),
        {(LENA, "merged"), (ERIKA, "merged"), (MAX, "command_receipt")},
        wrong=("#merge", "#zusammenführen", "#merge 12 13", "#zusammenführen Beamer", "#fusionner Beamer"),
    ),
    "split": Row(
        ("#split", "#trennen", "#séparer"),
        lambda done: done.ticket("GYM-100").requester.email == LENA,
        {(LENA, "receipt"), (ERIKA, "new_ticket"), (MAX, "command_receipt")},
        wrong=("#split 12", "#trennen 12", "#séparer 12"),
    ),
    "bundle": Row(
        ("#bundle 12", "#bündeln 1 und 12", "#grouper 1, 12"),
        lambda done: (done.ticket().bundle, done.ticket("GYM-12").bundle) == (1, 1),
        {(MAX, "command_receipt")},
        wrong=("#bundle", "#bündeln Beamer", "#grouper 9999", "#regrouper 1"),
    ),
    "unbundle": Row(
        ("#unbundle", "#entbündeln", "#dégrouper"),
        lambda done: done.ticket().bundle is None,
        {(MAX, "command_receipt")},
        about=ticket(bundle=1),
        wrong=("#unbundle Beamer", "#entbündeln alles", "#dégrouper 9999"),
    ),
    "move": Row(
        ("#move HBG", "#verschieben Heisenberg-Gymnasium", "#déplacer HBG"),
        lambda done: done.ticket().key == "HBG-7",
        {
            (LENA, "moved"),
            (KARL, "moved"),
            (HANNA, "moved_team"),
            (MAX, "moved_away"),
            (ERIKA, "moved_away"),
            (TONI, "command_receipt"),
        },
        writer=TONI,
        about=UP,
        wrong=("#move", "#verschieben", "#move XYZ", "#verschieben Nirgends", "#déplacer Ailleurs"),
    ),
    "spam": Row(
        ("#spam", "#SPAM!", "#indésirable"),
        lambda done: (
            SetBlocked("GYM", LENA, blocked=True, ticket="GYM-1") in done.effects
            and done.ticket().status is Status.CLOSED
        ),
        {(MAX, "command_receipt")},
        wrong=("#spam ja", "#spam nein", "#indésirable oui"),
    ),
    "helped": Row(
        ("#helped", "#geholfen", "#utile"),
        lambda done: RecordHelped("GYM-1") in done.effects and done.ticket().status is Status.CLOSED,
        {(MAX, "closed_team"), (ERIKA, "closed_team"), (LENA, "command_receipt")},
        writer=LENA,
        wrong=("#helped Beamer", "#geholfen sehr", "#utile vraiment"),
    ),
    "mute": Row(
        ("#mute", "#stumm", "#silence"),
        lambda done: done.ticket().muted in ((MAX,), (TONI,)),
        {(MAX, "command_receipt")},
        wrong=("#mute Lena", "#stumm morgen", "#muet demain"),
    ),
    "unmute": Row(
        ("#unmute", "#laut", "#réactiver"),
        lambda done: len(done.ticket().muted) == 1,
        {(MAX, "command_receipt")},
        about=ticket(muted=(MAX, TONI)),
        wrong=("#unmute Lena", "#laut morgen", "#réactiver demain"),
    ),
    "undo": Row(
        ("#undo", "#rückgängig", "#annuler"),
        lambda done: (done.ticket().status, done.ticket().assignee) == (Status.OPEN, Address(ERIKA)),
        {(LENA, "undone"), (MAX, "command_receipt")},
        about=closed(),
        wrong=("#undo alles", "#rückgängig alles", "#annuler tout"),
    ),
    "resend": Row(
        ("#resend", "#erneut", "#réexpédier"),
        lambda done: any(
            isinstance(effect, ResendMails) and len(effect.mails) == 1 for effect in done.effects
        ),
        {(MAX, "command_receipt")},
        wrong=("#resend all", "#erneut Beamer", "#nochmal 9999"),
    ),
    "save": Row(
        ("#save Toner leer", "#merken Toner leer", "#mémoriser Toner leer"),
        lambda done: [a.text for a in saved(done)] == ["Bitte die Kassette tauschen."],
        {(LENA, "answer"), (KARL, "answer"), (ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#save", "#merken GYM-12", "#mémoriser A+B"),
        text="Bitte die Kassette tauschen.",
    ),
    "use": Row(
        ("#use Toner leer", "#baustein TONER LEER", "#modèle Toner (leer)"),
        lambda done: done.message.text == "Schritt 1.",
        {(LENA, "answer"), (KARL, "answer"), (ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#use", "#baustein Niemals", "#utiliser Jamais"),
    ),
    "saved": Row(
        ("#saved", "#bausteine", "#modèles 1"),
        lambda done: [a.name for a in done.notifications[0].answers] == ["Papierstau", "Toner leer"],
        {(MAX, "saved_answers")},
        about=None,
        wrong=("#saved Toner", "#bausteine alle", "#modèles 0"),
    ),
    "unsave": Row(
        ("#unsave Toner leer", "#vergessen toner leer", "#oublier Toner leer"),
        lambda done: [a.text for a in saved(done)] == [""],
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#unsave", "#vergessen Niemals", "#oublier Jamais"),
    ),
    "tip": Row(
        ("#tip Toner leer", "#tipp TONER LEER", "#astuce Toner leer oui"),
        lambda done: (
            [(result.command, result.text) for n in done.notifications for result in n.done]
            in ([("tip_proposed", "Schritt 1.")], [("tip_proposed_for_all", "Schritt 1.")])
        ),
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#tip", "#tipp Niemals", "#astuce Jamais oui"),
    ),
    "untip": Row(
        ("#untip Papierstau", "#tipp-aus papierstau", "#astuce-fin Papierstau"),
        lambda done: [e.answer.tip for e in done.effects if isinstance(e, SetTip)] == [""],
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#untip", "#tipp-aus Niemals", "#astuce-fin Jamais"),
    ),
    "solved-by-tip": Row(
        ("#solved-by-tip", "#tipp-hat-geholfen", "#astuce-utile"),
        lambda done: (
            SolveByTip("GYM-1", "toner leer") in done.effects and done.ticket().status is Status.CLOSED
        ),
        {(MAX, "closed_team"), (ERIKA, "closed_team"), (LENA, "command_receipt")},
        writer=LENA,
        wrong=("#solved-by-tip Beamer", "#tipp-hat-geholfen sehr", "#astuce-utile vraiment"),
    ),
    "list": Row(
        ("#list closed", "#übersicht geschlossen", "#liste fermées"),
        lambda done: done.notification(done.notifications[0].to.email).scope == "closed",
        {(MAX, "overview")},
        about=None,
        wrong=("#list everything", "#übersicht dreimal", "#liste combien"),
    ),
    "status": Row(
        ("#status", "#stand", "#état"),
        lambda done: done.notifications[0].since == NOW,
        {(MAX, "ticket_status")},
        wrong=("#status Beamer", "#stand 9999", "#statut vite"),
    ),
    "show": Row(
        ("#show 1", "#zeige 1", "#afficher 1"),
        lambda done: done.notifications[0].history == HISTORY,
        {(MAX, "ticket_details")},
        wrong=("#show Beamer", "#zeige 9999", "#afficher 9999"),
    ),
    "find": Row(
        ("#find Beamer", "#suche Beamer", "#chercher Beamer"),
        lambda done: done.notifications[0].words == "Beamer",
        {(MAX, "overview")},
        about=None,
        wrong=("#find", "#suche", "#rechercher"),
    ),
    "help": Row(
        ("#help", "#hilfe", "#aide"),
        lambda done: done.notifications[0].scope == "",
        {(MAX, "help")},
        about=None,
        wrong=("#help me", "#hilfe schnell", "#aide vite", "#hilfe alles bitte sofort", "#help open"),
    ),
    "away": Row(
        ("#away Dec 1", "#abwesend 1.12.", "#absente 1/12/2026"),
        lambda done: any(
            isinstance(effect, SetAbsence) and effect.until == date(2026, 12, 1) for effect in done.effects
        ),
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#away", "#abwesend", "#away soon", "#abwesend 1.12. Lena", "#absent bientôt"),
    ),
    "back": Row(
        ("#back", "#anwesend", "#présente"),
        lambda done: any(isinstance(effect, SetAbsence) and effect.until is None for effect in done.effects),
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#back here", "#anwesend hier", "#présent ici"),
    ),
    "register": Row(
        ("#register", "#anmelden", "#inscription"),
        lambda done: any(isinstance(effect, Register) for effect in done.effects),
        {(MAX, "welcome")},
        about=None,
        wrong=("#register me", "#anmelden mich", "#inscription vite"),
    ),
    "confirm": Row(
        ("#confirm", "#bestätigen", "#confirmer"),
        lambda done: done.outcome == "confirmed",
        set(),
        about=None,
    ),
}
