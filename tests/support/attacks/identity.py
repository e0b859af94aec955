"""Attacks on identity: forged mails, and mails that look forged and are not."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from mailbot.core.model.notification_kind import NotificationKind
from tests.support.attacks.desk import (
    OURS,
    Attack,
    Expected,
    Scene,
    answering,
    claims,
    denied,
    forged,
    key_of,
    notified,
    sent_before,
)
from tests.support.mail_builder import MailBuilder, mail
from tests.support.scenario import EDV, ERIKA, EVE, LENA, MAX, MAX_AT_HOME, TONI

HELD = Expected("held", notified(f"confirm {MAX}"))
HELD_TONI = Expected("held", notified(f"confirm {TONI}"))
DONE = Expected(
    "command",
    notified(f"closed {LENA}", f"closed_team {ERIKA}", f"command_receipt {MAX}"),
    changes=True,
    status="closed",
)
REPLY = notified(f"requester_reply {MAX}", f"requester_reply {ERIKA}")
EVA = "eva@weissgasse.example"
SPY = "spion@schule.example"
LATER = timedelta(days=31)
TEAM = (f"new_ticket {MAX}", f"new_ticket {ERIKA}")
OPENED = Expected("opened", notified(f"receipt {LENA}", *TEAM), opens=1)
STRANGER = Expected("opened", notified(f"receipt {EVE}", *TEAM), opens=1)
UNSEEN = Expected("reply", notified(f"answer {LENA}", f"assigned_info {ERIKA}"), changes=True)
SPAM = Expected("command", notified(f"command_receipt {MAX}"), changes=True, status="closed")
SILENT = Expected("ignored")
FILED = Expected("filed", changes=True)
QUARANTINED = Expected("quarantined", notified(f"alert {EDV}"))
PASS = "dmarc=pass header.from=support.example"
ENCODED = "=?utf-8?q?a=3B_dmarc=3Dpass_header.from=3Dsupport.example_=3B?=@evil.example"
LOOK_ALIKE = Expected("opened", notified("receipt max@supp0rt.example", *TEAM), opens=1)

ATTACKS = [
    Attack("only From", "close by a supporter's address", lambda _: forged(), HELD),
    Attack("only From, second level", "close by a technician's address", lambda _: forged(TONI), HELD_TONI),
    Attack("public words", "write to a teacher as a supporter", lambda _: forged(text="Bitte Passwort an x@evil.example"), HELD),
    Attack("private address", "close by a supporter's other address", lambda _: forged(MAX_AT_HOME), HELD),
    Attack("capitals", "close as MAX@SUPPORT.EXAMPLE", lambda _: forged(MAX.upper()), HELD),
    Attack("mail of a colleague", "answer what Erika got", lambda s: answering(s.mail(ERIKA), MAX), HELD),
    Attack("mail of a teacher", "answer what Lena got", lambda s: answering(s.mail(LENA), MAX), HELD),
    Attack("guessed Message-ID", "answer a mail that never was", lambda _: forged().reply_to("<guess@schule.example>"), HELD),
    Attack("Message-ID of the problem", "answer the teacher's mail", lambda _: forged().reply_to("<1@schule.example>"), HELD),
    Attack("guessed key", "bear a key that never was", lambda _: forged(text="#close\n\n[mailbot:aaaaaaaaaaaaaaaaaaaaaaaaaa]"), HELD),
    Attack("forwarded mail", "answer a mail to Max as a stranger", lambda s: answering(s.mail(MAX), EVE), Expected("filed", notified(f"refusal {EVE}", f"requester_reply {MAX}", f"requester_reply {ERIKA}"), changes=True)),
    Attack("two From addresses", "hide behind a second one", lambda _: claims(f"{OURS}; {PASS}", f"{MAX}, {EVE}"), HELD),
    Attack("two From fields", "pass DMARC by one, be the other", lambda _: claims(f"{OURS}; {PASS}").header("X-A", f"1\nFrom: {EVE}"), HELD),
    Attack("Sender instead of From", "name the supporter in Sender", lambda _: claims(f"{OURS}; {PASS}", "").header("Sender", MAX), HELD),
    Attack("Reply-To instead of From", "name the supporter in Reply-To", lambda _: claims(f"{OURS}; {PASS}", "").header("Reply-To", MAX), HELD),
    Attack("no From at all", "be nobody", lambda _: forged(""), SILENT),
    Attack("control character", "write as an address that shows as another", lambda _: forged("ma\x13x@support.example"), QUARANTINED),
    Attack("NUL", "the same by a byte that no database stores", lambda _: forged("ma\0x@support.example"), QUARANTINED),
    Attack("encoded NUL", "the same in an encoded word", lambda _: forged("<ma=?utf-8?q?=00?=x@support.example>"), QUARANTINED),
    Attack("direction mark", "the same by a mark that nobody sees", lambda _: forged("ma\u202ex@support.example"), QUARANTINED),
    Attack("odd second From address", "pass DMARC beside an address that is none", lambda _: claims(f"{OURS}; {PASS}", f"{MAX}, e\x13ve@evil.example"), QUARANTINED),
    Attack("wide comma", "have a second address appear in To", lambda _: forged("eve@evil.example，max＠support.example"), QUARANTINED),
    Attack("long local part", "write from an address longer than any", lambda _: forged(f"{'e' * 65}@evil.example"), QUARANTINED),
    Attack("empty label", "have us write to a domain that cannot be", lambda _: forged("max@support.."), QUARANTINED),
    Attack("display name", "call oneself max@support.example", lambda _: forged(f'"{MAX}" <{EVE}>'), STRANGER),
    Attack("I54 apostrophe", "pass for the own domain as the mailbox 'max", lambda _: claims(f"{OURS}; {PASS}", f"<'{MAX}>"), Expected("refused", notified(f"refusal '{MAX}"))),
    Attack("encoded display name", "the same in an encoded word", lambda _: forged(f"=?utf-8?q?max=40support=2Eexample?= <{EVE}>"), STRANGER),
    Attack("look-alike domain", "write a zero for an o", lambda _: forged("max@supp0rt.example"), LOOK_ALIKE),
    Attack("Cyrillic mail", "write м а х in Cyrillic", lambda _: forged("mаx@support.example"), Expected("opened", notified("receipt mаx@support.example", *TEAM), opens=1)),
    Attack("no width", "write as an address that shows as another", lambda _: forged("ma\u200bx@support.example"), QUARANTINED),
    Attack("soft hyphen", "pass for the own domain as such an address", lambda _: claims(f"{OURS}; {PASS}", "ma\u00adx@support.example"), QUARANTINED),
    Attack("blank in front", "be stripped of a blank that belongs to the address", lambda _: claims(f"{OURS}; {PASS}", "<\u3000max@support.example>"), QUARANTINED),
    Attack("punycode", "write a domain that shows the same", lambda _: forged("max@xn--supprt-jua.example"), Expected("opened", notified("receipt max@xn--supprt-jua.example", *TEAM), opens=1)),
    Attack("domain below ours", "write from below the domain", lambda _: forged("max@support.example.evil.example"), Expected("opened", notified("receipt max@support.example.evil.example", *TEAM), opens=1)),
    Attack("results of a stranger", "bring results of another server", lambda _: claims(f"mx.evil.example; {PASS}"), HELD),
    Attack("server that begins alike", "end the name otherwise", lambda _: claims(f"{OURS}.evil.example; {PASS}"), HELD),
    Attack("results below ours", "put a forged field below", lambda _: claims(f"{OURS}; dmarc=fail").header("X-A", f"1\nAuthentication-Results: {OURS}; {PASS}"), HELD),
    Attack("name in a comment", "name our server in a comment", lambda _: claims(f"({OURS}) evil.example; {PASS}"), HELD),
    Attack("pass in a comment", "say pass in a comment", lambda _: claims(f"{OURS}; dmarc=fail (dmarc=pass; {PASS})"), HELD),
    Attack("open comment", "never close the comment", lambda _: claims(f"{OURS}; dmarc=fail (dmarc=pass; {PASS}"), HELD),
    Attack("pass in quotation marks", "say pass in a reason", lambda _: claims(f'{OURS}; dmarc=fail reason="; {PASS}"'), HELD),
    Attack("escaped quotation mark", "end the quotation early", lambda _: claims(f'{OURS}; spf=fail smtp.mailfrom="\\"; {PASS}"@evil.example'), HELD),
    Attack("encoded envelope", "smuggle a result in an encoded word", lambda _: claims(f"{OURS}; spf=fail smtp.mailfrom={ENCODED}"), HELD),
    Attack("folded field", "fold between method and result", lambda _: claims(f"{OURS};\n dmarc=fail\n header.from=support.example"), HELD),
    Attack("field without a name", "Microsoft's form, no authserv-id", lambda _: claims(f"spf=pass smtp.mailfrom=support.example; {PASS}"), HELD),
    Attack("blank before the colon", "name the field so that no server removes it", lambda _: forged().header("Authentication-Results ", f"{OURS}; {PASS}"), HELD),
    Attack("own domain only", "pass for evil.example", lambda _: claims(f"{OURS}; dmarc=pass header.from=evil.example; dkim=pass header.d=evil.example"), HELD),
    Attack("I01 sharp s", "pass SPF for a domain with ß, be one with ss", lambda _: claims(f"{OURS}; dmarc=fail; spf=pass smtp.mailfrom=eve@weißgasse.example", EVA).cc(SPY), Expected("opened", notified(f"receipt {EVA}", *TEAM), opens=1)),
    Attack("public suffix, DKIM", "sign as all of .example", lambda _: claims(f"{OURS}; dkim=pass header.d=example"), HELD),
    Attack("SPF of HELO", "pass SPF by the greeting only", lambda _: claims(f"{OURS}; spf=pass smtp.helo=support.example"), HELD),
    Attack("SPF of another", "pass SPF by an own envelope", lambda _: claims(f"{OURS}; spf=pass smtp.mailfrom=x@evil.example"), HELD),
    Attack("subdomain signs", "sign below the domain", lambda _: claims(f"{OURS}; dkim=pass header.d=evil.support.example"), HELD),
    Attack("our own address", "write as the desk", lambda _: forged("support-gym@schule.example"), Expected("ignored")),
    Attack("two tags", "put a ticket of another behind an own one", lambda _: forged(EVE).subject("[#GYM-9] Re: [#GYM-1] x"), STRANGER),
    Attack("empty return path", "hide a command in a bounce", lambda _: forged(Return_Path="<>", text="#close\n550 user unknown"), FILED),
    Attack("automatic reply", "hide a command in an absence note", lambda _: forged(Auto_Submitted="auto-replied"), FILED),
    Attack("confirmation by a stranger", "confirm without the key", lambda _: forged(text="#confirm"), HELD),
]  # fmt: skip


def closed(at: Scene) -> None:
    """Let Max close the ticket."""
    sent_before(at, answering(at.mail(MAX), MAX))


def waiting(at: Scene) -> None:
    """Let Max ask the requester back."""
    sent_before(at, answering(at.mail(MAX), MAX, "Welcher Raum?\n#wait"))


def after(
    step: Callable[[Scene], None], built: Callable[[Scene], MailBuilder]
) -> Callable[[Scene], MailBuilder]:
    """Return an attack whose mail arrives after that step."""

    def attack(at: Scene) -> MailBuilder:
        step(at)
        return built(at)

    return attack


def other_ticket(at: Scene) -> None:
    """Let Lena write about another problem."""
    sent_before(at, forged(LENA, "Der Drucker steht.", "Drucker"))


def denied_reply(at: Scene) -> None:
    """Let somebody answer as Lena; the receiving server says that From is forged."""
    sent_before(at, denied(answering(at.mail(LENA), LENA, "Gewinn!")))


def denied_problem(at: Scene) -> None:
    """Let somebody write about another problem as Lena; the receiving server says that From is forged."""
    sent_before(at, denied(forged(LENA, "Gewinn!", "Gewinn")))


def denied_split(at: Scene) -> None:
    """Make that answer a ticket of its own."""
    denied_reply(at)
    sent_before(at, answering(at.mail(MAX), MAX, "#split"))


def jokes() -> Iterator[MailBuilder]:
    """Yield many mails as Lena."""
    return (forged(LENA, f"Scherz {number}", f"Scherz {number}") for number in range(22))


def flood(at: Scene) -> None:
    """Let somebody pretend to be Lena, again and again."""
    sent_before(at, *jokes())


def denied_flood(at: Scene) -> None:
    """Let somebody do that; the receiving server says that From is forged."""
    sent_before(at, *map(denied, jokes()))


def unchanged(built: MailBuilder) -> MailBuilder:
    """Return a mail about which the receiving server says nothing."""
    return built


def commands(at: Scene, server: Callable[[MailBuilder], MailBuilder] = unchanged) -> None:
    """Let somebody give commands in a member's name, again and again."""
    sent_before(at, *(server(forged(MAX, f"Nr. {number}\n#close")) for number in range(6)))


def commands_and_other_ticket(at: Scene) -> None:
    """Let somebody do that while there are two tickets."""
    other_ticket(at)
    commands(at)


def queries(at: Scene, server: Callable[[MailBuilder], MailBuilder] = unchanged) -> None:
    """Let somebody ask in a teacher's name, again and again."""
    sent_before(at, *(server(forged(LENA, "#help", f"Frage {number}")) for number in range(6)))


def enriched(at: Scene, text: str) -> MailBuilder:
    """Return a reply of Max as text/enriched (RFC 1896)."""
    built = answering(at.mail(MAX), MAX, "")
    built.bodies = [("enriched", text)]
    return built


def encrypted() -> MailBuilder:
    """Return a mail of Lena that cannot be read."""
    return forged(LENA, "-----BEGIN PGP MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----", "Kennwort")


def to_lena(at: Scene) -> MailBuilder:
    """Return an answer of a stranger to Lena's own mail."""
    return forged(EVE, "Ich bin auch dabei.").reply_to("<1@schule.example>")


def urgent(_: Scene) -> MailBuilder:
    """Return Lena's own mail."""
    return forged(LENA, "Der Server brennt.", "Server")


def original(text: str = "Bitte schließen.\n#close") -> MailBuilder:
    """Return a mail with a Message-ID that does not change."""
    return forged(MAX, text).message_id("<original@support.example>")


def copied(text: str, *, sender: str = MAX, **fields: str) -> Callable[[Scene], None]:
    """Let a copy of a mail arrive ahead of it, without what proves its sender."""
    return lambda at: sent_before(at, forged(sender, text, **fields).message_id("<original@support.example>"))


CLOSING = "Bitte schließen.\n#close"
SIGNED = "dkim=fail header.d=evil.example; " * 400

KINDS = [
    # The receiving server says that From is forged.
    Attack("I06 denied reply", "answer a mail to Max", lambda s: denied(answering(s.mail(MAX), MAX)), HELD),
    Attack("denied key", "use the key of a mail to Max", lambda s: denied(forged(MAX, "#close" + key_of(s.mail(MAX)))), HELD),
    Attack("denied reply, policy none", "be excused by p=none", lambda s: denied(answering(s.mail(MAX), MAX), "dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=support.example"), HELD),
    Attack("denied reply, other field", "hide below a field without DMARC", lambda s: denied(answering(s.mail(MAX), MAX), "spf=none").header("X-A", f"1\nAuthentication-Results: {OURS}; dmarc=fail"), HELD),
    Attack("denied reply, long field", "push the result beyond the limit by signatures", lambda s: denied(answering(s.mail(MAX), MAX), f"{SIGNED} dmarc=fail"), HELD),
    Attack("denied reply, own domain passes", "have SPF pass all the same", lambda s: denied(answering(s.mail(MAX), MAX), "spf=pass smtp.mailfrom=x@support.example; dmarc=fail"), HELD),
    Attack("denied public answer", "write to the teacher in a member's name", lambda s: denied(answering(s.mail(MAX), MAX, "Rufen Sie 0900 an.")), HELD),
    Attack("denied query", "ask for a list", lambda _: denied(forged(MAX, "#list")), HELD),
    Attack("denied teacher", "answer and add a reader", lambda s: denied(answering(s.mail(LENA), LENA, "Hallo")).cc(SPY), Expected("reply", REPLY, changes=True)),
    Attack("denied teacher closes", "close a teacher's ticket by a key", lambda s: denied(forged(LENA, "#close" + key_of(s.mail(LENA)))), Expected("reply", REPLY, changes=True)),
    Attack("denied new mail", "open a ticket and add a reader", lambda _: denied(forged(LENA, "Passwort?", "Passwort")).cc(SPY), OPENED),
    # A notification proves its recipient for the tickets that it shows.
    Attack("I08 key for another ticket", "give a ticket away", after(other_ticket, lambda s: forged(MAX, f"#for {EVE} GYM-2" + key_of(s.mail(MAX)))), HELD),
    Attack("reply about another ticket", "close a ticket that the mail does not show", after(other_ticket, lambda s: answering(s.mail(MAX), MAX, "#close 2")), HELD),
    Attack("other ticket in the subject", "be shown by words of the subject", after(lambda s: sent_before(s, forged(EVE, "x", "GYM-1 [#GYM-1]")), lambda s: answering(s.harness.outbox_of(MAX)[-1], MAX, "#close 1")), HELD),
    Attack("I09 old key", "use a key a month after closing", after(closed, lambda s: forged(MAX, "#reopen" + key_of(s.mail(MAX)))), Expected("held", notified(f"confirm {MAX}"), status="closed"), LATER),
    Attack("I10 key again", "use a key twice, as people do", after(lambda s: sent_before(s, forged(MAX, "#take" + key_of(s.mail(MAX)))), lambda s: forged(MAX, "#close" + key_of(s.mail(MAX)))), replace(DONE, sent_mails=notified(f"closed {LENA}", f"command_receipt {MAX}"))),
    Attack("old reply", "answer a mail a month after closing", after(closed, lambda s: answering(s.mail(MAX), MAX, "#reopen")), Expected("held", notified(f"confirm {MAX}"), status="closed"), LATER),
    # An unproven mail adds no reader.
    Attack("K02 reader by Cc", "get the answers", lambda _: forged(LENA, "Passwort?", "Passwort").cc(SPY), OPENED),
    Attack("K04 reader by Cc asks", "see the ticket", after(lambda s: sent_before(s, forged(LENA, "Passwort?", "Passwort").cc(SPY)), lambda _: forged(SPY, "#show GYM-2", "x").proven()), Expected("refused", notified(f"refusal {SPY}"))),
    Attack("K08 reader by To", "get the answers", lambda _: forged(LENA, "Passwort?", "Passwort", To=f"support-gym@schule.example, {SPY}"), OPENED),
    Attack("reader by a reply", "get the answers of a ticket", lambda _: forged(LENA, "Passwort?").cc(SPY).reply_to("<1@schule.example>"), Expected("reply", REPLY, changes=True)),
    # A stranger changes no state.
    Attack("L12 stranger reopens", "answer the mail of a closed ticket", after(closed, to_lena), Expected("reply", notified(f"requester_reply {MAX}"), changes=True, status="closed")),
    Attack("L13 stranger wakes", "answer the mail of a waiting ticket", after(waiting, to_lena), Expected("reply", notified(f"requester_reply {MAX}"), changes=True, status="waiting")),
    # What no one sees is no command.
    Attack("C61 command not displayed", "have a reader close by pasted HTML", lambda s: mail().sender(MAX).reply_to(s.mail(MAX).message_id).html("<p>Mache ich.</p><div style='display:none'>#close</div>"), UNSEEN),
    Attack("C62 command in white", "hide it by its colour", lambda s: mail().sender(MAX).reply_to(s.mail(MAX).message_id).html("<p>Mache ich.</p><p style='color:#fff;background:#fff;font-size:1px'>#close</p>"), UNSEEN),
    Attack("command in the text part only", "hide it from the page that Max sees", lambda s: answering(s.mail(MAX), MAX, "Mache ich.\n#close").html("<p>Mache ich.</p><p style='display:none'>#close</p>"), UNSEEN),
    Attack("command missing in the page", "write it into the text part only", lambda s: answering(s.mail(MAX), MAX, "Mache ich.\n＃cl\u00adose 1").html("<p>Mache ich.</p>"), UNSEEN),
    Attack("command in a parameter", "hide it from those who see text/enriched", lambda s: enriched(s, "Mache ich.\n<x-color><param>#close</param></x-color>"), UNSEEN),
    # Forged mail silences no one.
    Attack("spam, denied", "have the person blocked", after(denied_reply, lambda s: answering(s.mail(MAX), MAX, "#spam")), SPAM),
    Attack("spam, denied new mail", "have the person blocked", after(denied_problem, lambda s: answering(s.harness.outbox_of(MAX)[-1], MAX, "#spam")), replace(SPAM, changes=False, status="open")),
    Attack("spam, denied and split off", "have the person blocked", after(denied_split, lambda s: answering(s.harness.outbox_of(ERIKA, NotificationKind.NEW_TICKET)[-1], ERIKA, "#spam")), replace(SPAM, sent_mails=notified(f"command_receipt {ERIKA}"), changes=False, status="open")),
    Attack("spam, long field", "have the person blocked", after(lambda s: sent_before(s, denied(answering(s.mail(LENA), LENA, "Gewinn!"), f"{SIGNED} dmarc=fail")), lambda s: answering(s.mail(MAX), MAX, "#spam")), SPAM),
    Attack("(no attack) spam", "write spam", after(lambda s: sent_before(s, answering(s.mail(LENA), LENA, "Gewinn!")), lambda s: answering(s.mail(MAX), MAX, "#spam")), replace(SPAM, blocked=notified(LENA))),
    Attack("F02 flood, proven mail", "silence a teacher", after(flood, lambda s: urgent(s).proven()), OPENED),
    Attack("flood, an hour later", "silence a teacher for longer", after(flood, urgent), OPENED, timedelta(hours=1)),
    Attack("F01 denied flood", "silence a teacher whose own mail proves nothing", after(denied_flood, urgent), OPENED),
    Attack("denied flood, denied mail", "open a ticket with each mail", after(denied_flood, lambda s: denied(urgent(s))), Expected("reply", changes=False)),
    Attack("denied flood of questions", "use up the questions to a member", after(lambda s: commands(s, denied), lambda _: forged()), HELD),
    Attack("flood of questions", "use up the questions to a member", after(commands_and_other_ticket, lambda s: answering(s.mail(MAX), MAX, "#close 2")), HELD),
    Attack("flood of queries", "use up a teacher's receipts", after(queries, lambda s: urgent(s).proven()), OPENED),
    Attack("denied flood of queries", "use up a teacher's receipts", after(lambda s: queries(s, denied), urgent), OPENED),
    Attack("encrypted mail", "use up a teacher's refusals", after(lambda s: sent_before(s, encrypted()), lambda _: encrypted().proven()), Expected("encrypted", notified(f"unreadable {LENA}"))),
    Attack("K01 held copy", "swallow the proven mail", after(copied(CLOSING), lambda _: original(CLOSING).proven()), DONE),
    Attack("K07 held copy, reply", "swallow the reply to a mail", after(copied(CLOSING), lambda s: original(CLOSING).reply_to(s.mail(MAX).message_id)), DONE),
    Attack("held copy, unproven", "be carried out at the second try", after(copied(CLOSING), lambda _: original(CLOSING)), Expected("duplicate")),
    Attack("automatic copy", "have a mail ignored", after(copied("Server", sender=LENA, Auto_Submitted="auto-generated"), lambda _: forged(LENA, "Server").message_id("<original@support.example>").proven()), Expected("reply", REPLY, changes=True)),
    Attack("copy of a processed mail", "be processed again", after(lambda s: sent_before(s, original().proven()), lambda _: original().proven()), Expected("duplicate", status="closed")),
]  # fmt: skip

PROOFS = [
    Attack("(no attack) own mail", "answer one's mail", lambda s: answering(s.mail(MAX), MAX), DONE),
    Attack("(no attack) other address", "answer from home", lambda s: answering(s.mail(MAX), MAX_AT_HOME), DONE),
    Attack("(no attack) DMARC", "pass for the own domain", lambda _: claims(f"{OURS}; {PASS}"), DONE),
    Attack("(no attack) root dot", "write the address in full", lambda _: claims(f"{OURS}; {PASS}.", 'Max <"max"@SUPPORT.example.>'), DONE),
    Attack("(no attack) sharp s", "pass SPF for the own domain", lambda _: claims(f"{OURS}; spf=pass smtp.mailfrom=eva@WEISSGASSE.example", EVA), Expected("refused", notified(f"refusal {EVA}"))),
    Attack("(no attack) text and page", "write HTML as programs do", lambda s: answering(s.mail(MAX), MAX, "*#close *").html("<p><b>#</b>close&nbsp;</p><style>p{margin:0}</style>"), DONE),
    Attack("(no attack) version", "bear a version number", lambda _: claims(f"{OURS} 1; {PASS}"), DONE),
]  # fmt: skip

IDENTITY = (*ATTACKS, *KINDS, *PROOFS)
