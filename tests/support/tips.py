"""A help desk whose staff enable tips."""

from itertools import count

from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.store.tables import EventRow, OutboxRow, SavedAnswerRow
from tests.support.desk_harness import DeskInTime
from tests.support.mail_builder import MailBuilder, mail
from tests.support.rendered_samples import fields, hrefs
from tests.support.scenario import LENA, MAX
from tests.support.school import problem

TEXT = "Bitte die Tonerkassette im Drucker tauschen. Ersatz liegt im Sekretariat."
SAVED = f"Hallo {{name}},\n\n{TEXT}\n\nViele Grüße\nMax Mustermann"
LEAD = "Das hat anderen geholfen"
LINES = {
    "de": ("#tipp Toner", "#tipp Toner ja", "#tipp-aus Toner", "#tipp-hat-geholfen"),
    "en": ("#tip Toner", "#tip Toner yes", "#untip Toner", "#solved-by-tip"),
    "fr": ("#astuce Toner", "#astuce Toner oui", "#astuce-fin Toner", "#astuce-utile"),
}


_mails = count(1)


def unique() -> str:
    """Return a Message-ID that no other mail has."""
    return f"<tip{next(_mails)}@mail.example>"


class Desk(DeskInTime):
    """A desk with saved answers."""

    def enable(self, person: str = MAX, text: str = SAVED, language: str = "de") -> None:
        """Save an answer, read it as a tip, and tap the link that enables it."""
        self.outcome(writes(person, f"#save Toner\n{text}"))
        self.outcome(writes(person, LINES[language][0]))
        assert self.tap(self.receipts(person)[-1], person, LINES[language][1]) == "command"

    def tap(self, sent: OutboxRow, person: str, line: str) -> str:
        """Send the mail that the link with that line opens, and return its outcome."""
        links = [link for link in map(fields, hrefs(sent.html)) if link.get("body", "").startswith(line)]
        built = mail().sender(person).subject(links[0]["subject"]).message_id(unique())
        return self.outcome(built.text(links[0]["body"]))

    def receipts(self, person: str) -> list[OutboxRow]:
        """Return the receipts for commands of a person."""
        return self.outbox_of(person, Kind.COMMAND_RECEIPT)

    def tips(self) -> list[tuple[str, str]]:
        """Return the schools and texts of the enabled tips."""
        newest = {(row.school, row.key): row for row in self.rows(SavedAnswerRow)}
        return [(row.school, row.tip) for row in newest.values() if row.tip]

    def report_problem(self, sender: str = LENA, subject: str = "Toner") -> OutboxRow:
        """Report a problem that resembles the tip, and return its receipt."""
        words = "Die Tonerkassette im Drucker ist leer, wo liegt Ersatz?"
        self.outcome(problem(subject, sender).text(words))
        return self.outbox_of(sender, Kind.RECEIPT)[-1]

    def audited(self) -> list[tuple[str, str, str]]:
        """Return actor, action and detail of the entries about tips."""
        return [(r.actor, r.action, r.detail) for r in self.rows(EventRow) if "tip" in r.action.split()]


def writes(person: str, text: str) -> MailBuilder:
    """Return an authenticated mail of its own."""
    return mail().sender(person).subject("Textbaustein").message_id(unique()).text(text).proven()


def has_tip(sent: OutboxRow) -> tuple[bool, bool]:
    """Return whether a receipt has a tip in its text, and in its page."""
    return LEAD in sent.text, LEAD in sent.html
