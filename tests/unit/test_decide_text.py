"""Who reads the text beside a command: public answers, internal notes, refused lines."""

import pytest

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import Visibility
from tests.support.scenario import (
    ERIKA,
    KARL,
    LENA,
    MAX,
    TONI,
    answers,
    assigned,
    closed,
    photo,
    ticket,
    writes,
)


def test_text_above_a_command_is_the_public_answer() -> None:
    done = answers(MAX, ticket(), "Die Lampe ist getauscht.\n#erledigt").decide()
    assert done.message.visibility is Visibility.PUBLIC
    assert {done.notification(who).text for who in (LENA, KARL, ERIKA)} == {"Die Lampe ist getauscht."}


def test_text_above_an_escalation_is_sent_to_everyone() -> None:
    done = answers(MAX, ticket(), "Das muss ein Techniker sehen.\n#escalate").decide()
    assert {done.notification(who).text for who in (LENA, TONI, ERIKA)} == {"Das muss ein Techniker sehen."}


def test_second_level_gets_the_history_with_an_escalation() -> None:
    first = answers(LENA, ticket(), "Der Beamer bleibt dunkel.").decide().message
    done = answers(MAX, ticket(), "#escalate").with_facts(histories={"GYM-1": (first,)}).decide()
    assert done.notification(TONI).history == (first,)


def test_note_is_internal() -> None:
    done = answers(MAX, ticket(), "Der Kollege hat das Kabel gezogen.\n#intern").decide()
    assert done.message.visibility is Visibility.INTERNAL
    assert done.notified == {(ERIKA, "note"), (MAX, "command_receipt")}
    assert done.notification(ERIKA).internal


ATTRIBUTION = "Am 3.12.2026 um 8:05 schrieb Erika:"
LEAKS = (
    "*#notiz* Geheim.",
    "- #notiz\nGeheim.", "„#intern“: Geheim.", "# notiz\nGeheim.", "\\#notiz Geheim.",
    "#Notiz👍 Geheim.", "*#notiz:* Geheim.",
    "♯notiz Geheim.", "#no\u00adtiz Geheim.", "#notiz/ Geheim.",
    "#NOTIZ# Geheim.", "[x] #notiz Geheim.", "a) #intern Geheim.", "&#35;notiz Geheim.",
    "&num;intern Geheim.",
    "<#notiz> Geheim.", "#nottiz Geheim.", "#notizen: Geheim.", "| #notiz Geheim.", "Nur #intern: Geheim.",
    "#notiz= Geheim.", "Max: #notiz Geheim.", "Geheim. (#notiz)", "Geheim. #notiz", "> #notiz Geheim.",
    "- [ ] **#notiz** Geheim.", "1) „#notiz“ Geheim.", "#\u00a0notiz\u00a0Geheim.", "＃ｎｏｔｉｚ Geheim.",
)  # fmt: skip


def test_note_never_reaches_the_requester_with_any_text_around_it() -> None:
    for text in LEAKS:
        for place in ({"text": text}, {"text": "Läuft.", "signature": f"Max\n{text}"}):
            done = answers(MAX, ticket(), "").with_mail(**place).decide()
            notified = [n for n in done.notifications if n.to.email in (LENA, KARL)]
            assert not any("Geheim" in n.text for n in notified), text
            assert done.outcome in ("command", "refused"), text


def test_text_that_begins_as_a_note_without_its_sign_is_refused_with_an_offer() -> None:
    for text in (
        "Intern: Geheim.",
        "Nur intern: Geheim.",
        "@notiz Geheim.",
        "/note Geheim.",
        "#\nnotiz Geheim.",
        "%23notiz Geheim.",
        "[intern] Geheim.",
        "*Intern* Geheim.",
        "(Notiz) Geheim.",
        "INTERN\nGeheim.",
        "Interne Notiz\n\nGeheim.",
        "Interne\u00a0Notiz: Geheim.",
        "Intern – Geheim.",
        "=23notiz Geheim.",
        "Hashtag Notiz Geheim.",
        "raute intern Geheim.",
        "(nur intern) Geheim.",
        "Interne Info: Geheim.",
        "Interner Hinweis: Geheim.",
        "Notiz (nur intern): Geheim.",
        "Intern!\nGeheim.",
        "№notiz Geheim.",
        "{intern} Geheim.",
        "Intern! Geheim.",
        "INTERN Geheim.",
        "+++ INTERN +++ Geheim.",
        "„Intern“ Geheim.",
        "ACHTUNG INTERN: Geheim.",
        "Info intern: Geheim.",
        "Nur für uns: Geheim.",
        "Nur für Kollegen: Geheim.",
        "Notiz für Erika: Geheim.",
        "Notiz an Hausmeister: Geheim.",
        "Nur für Erika: Geheim.",
        "Gesprächsnotiz: Geheim.",
        "Intern (nicht senden): Geheim.",
        "Intern, nicht an die Schule: Geheim.",
        "Hallo Erika, intern: Geheim.",
        "Geheim (intern)",
        "Geheim.\n\n[nur intern]",
        "Geheim.\n\nIntern!",
        "- Kabel getauscht\n- Geheim (intern)",
        "Geheim.\n\nIntern",
        "Intern. Geheim.",
        "Intern- Geheim.",
        "notiz# Geheim.",
        "intern, Geheim.",
        "Intern Doppelpunkt Geheim.",
        "In\u00adtern： Geheim.",
        "⚠️INTERN⚠️ Geheim.",
        "<intern>Geheim</intern>",
        "1. Intern: Geheim.",
        "---- intern ----\nGeheim.",
        "Interner Vermerk: Geheim.",
        "Aktenvermerk: Geheim.",
        "Nur zur internen Kenntnis: Geheim.",
        "Info ans Team: Geheim.",
        "Nur fürs Team!\n\nGeheim.",
        "Fürs Team: Geheim.",
        "Dies ist eine interne Notiz.\nGeheim.",
        "Nicht an Lena: Geheim.",
        "Nicht öffentlich: Geheim.",
        "Unter uns: Geheim.",
        "@Erika: Geheim.",
        "@Toni, Geheim.",
        "Kurze interne Info: Geheim.",
        "Für die Kollegen: Geheim.",
        "Do not send to the teacher: Geheim.",
        "Nicht senden!\nGeheim.",
        "Moin,\nintern: Geheim.",
        "Note for Erika: Geheim.",
        "For the team only: Geheim.",
        "Private note: Geheim.",
        "INTERNAL, do not forward: Geheim.",
        "Note interne : Geheim.",
        "À usage interne uniquement : Geheim.",
        "Vertraulich: Geheim.",
        "Hallo Erika,\n\nintern: Geheim.",
        "Läuft wieder.\n\nIntern: Geheim.",
        "Läuft wieder.\nIntern: Geheim.",
        "Läuft wieder.\n\nPS fürs Team: Geheim.",
        "Läuft wieder.\n/note Geheim.",
        "Läuft. Raute Notiz Geheim.",
        "> Intern: Geheim.",
        "Geheim. - intern -",
        "Geheim (nur für uns)",
        "Geheim [internal only]",
        "Geheim.\nDas bleibt intern.",
        "Geheim (intern)\n\nGruß\nMax",
        "Geheim.\n\nGruß\nMax\n\nnur intern",
    ):
        done = answers(MAX, ticket(), text).decide()
        assert (done.outcome, done.notified) == ("refused", {(MAX, "refusal")}), text
        assert writes(MAX, text).answering(ticket(), internal=True).decide().outcome == "reply"
    for text in (
        "Notizen sind wieder da: bitte neu anmelden.",
        "Intern habe ich das geklärt.",
        "Interne Prüfung: bestanden.",
        "(interne Nummer 12) geht wieder.",
        "Nur für Raum 12: neues Kabel.",
        "Nur für Windows: neu starten.",
        "Nur für Sie: der Code ist 4711.",
        "Notiz für Sie: der Code ist 4711.",
        "Hallo Lena, intern: Durchwahl 12, extern: 4711.",
        "„Intern“ heißt das neue WLAN.",
        "Es gibt zwei WLANs:\n- Gast\n- Intern",
        "Geht wieder.\n\nViele Grüße\nMax Mustermann\nIntern",
        "Notiz für die Klasse: neu anmelden.",
        "Intern ist alles gut, extern nicht: DNS.",
        "- intern-Netz ist da\n- extern auch",
        "Rufen Sie an: Durchwahl 12 (intern)",
        "Das Netz geht nur intern.",
        "Hallo Frau Muster, internes Netz: geht wieder.",
        '"Interne" Geräte sind wieder da.',
        "Hashtag Notizen",
        "Das WLAN heißt Schule (intern)",
        "Vertraulich: Ihr neues Passwort ist Sonne12.",
        "@Lena: der Beamer geht wieder.",
        "@home geht das nicht.",
        "Note: please restart the laptop.",
        "Info für Sie: der Techniker kommt morgen.",
        "Nicht an die Steckdose links: die ist tot.",
        "Intern > Beamer > Bild wählen",
        "Geht wieder.\n\nViele Grüße\n\nFür das Team\nMax",
        "Es gibt zwei Drucker:\n\nIntern: Raum 12\nExtern: Raum 14",
        "Der Raum unter uns hat auch kein Netz.",
        "Ist das Telefon intern?",
        "Nicht senden drücken, sondern speichern: dann geht es.",
        "Für die Kollegen in Raum 3 gilt das auch: neu starten.",
        "Bitte wählen Sie:\n\nextern\nintern",
        "Bitte testen. Kurze Info an uns!",
        "Läuft es? Dann bitte Nachricht an mich.",
        "Der Server heißt srv.schule.intern",
        "Bitte aufrufen:\n/intern/kollegium",
        "Bitte anmelden bei:\nintern",
        "Hinweis für alle Kollegen: der Drucker steht jetzt in Raum 3.",
        "An das Kollegium: das WLAN läuft wieder.",
        "Das WLAN ist da. Nur für das Kollegium!",
        "Das Passwort ist Sommer.\n\nBitte vertraulich behandeln!",
        "Das Passwort ist Sommer. Bitte intern weitergeben.",
        "Das Formular ist kaputt. Bitte nicht abschicken!",
        "Nur Team 5: neue Tablets.",
        "Intern: läuft.\nVon außen: gestört.",
        "Netze:\n1. Gast\n2. Intern",
    ):
        assert answers(MAX, ticket(), text).decide().outcome == "reply", text


def test_note_in_the_subject_without_its_sign_is_refused_with_an_offer() -> None:
    about = ticket()
    for subject in (
        f"INTERN: AW: {about.tagged_subject}",
        f"Re: {about.tagged_subject} (intern)",
        f"internal: Re: {about.tagged_subject}",
        f"[INTERN] Re: {about.tagged_subject}",
        f"Re: [intern] {about.tagged_subject}",
        f"INTERN AW: {about.tagged_subject}",
        f"Notiz zu {about.tagged_subject}",
        f"AW: {about.tagged_subject} - intern",
        f"Nur für Erika: AW: {about.tagged_subject}",
        f"[EXTERN] Intern: AW: {about.tagged_subject}",
        "Interne Notiz zu GYM-1",
    ):
        done = answers(MAX, about, "Geheim.").with_mail(subject=subject).decide()
        assert (done.outcome, done.notified) == ("refused", {(MAX, "refusal")}), subject
        mail = writes(MAX, "Geheim.").answering(about, internal=True).with_mail(subject=subject)
        assert mail.decide().outcome == "reply"
    for subject in (
        f"Re: {about.tagged_subject} schulintern: bitte lesen",
        "Schulintern: Fortbildung",
        "AW: Extern/Intern: WLAN",
    ):
        assert answers(MAX, about, "Geht.").with_mail(subject=subject).decide().outcome == "reply", subject
    named = ticket(subject="Intern: Anschluss tot")
    assert answers(MAX, named, "Geht.").with_mail(subject=f"AW: {named.tagged_subject}").decide().outcome == (
        "reply"
    )
    problem = writes(MAX, "Der Anschluss ist tot.").with_mail(subject="Telefon (intern)").proven()
    assert problem.decide().outcome == "opened"
    old = ticket(subject="Telefon (intern)")
    assert answers(MAX, old, "Geht.").with_mail(subject="Re: Telefon (intern)").decide().outcome == "reply"


def test_new_problem_of_staff_with_an_internal_label_opens_a_ticket() -> None:
    assert writes(MAX, "Intern: Der Drucker ist aus.").proven().decide().outcome == "opened"


def test_last_line_of_a_signature_may_mark_an_answer_as_internal() -> None:
    for signature, outcome in (
        ("Max\n(nur intern)", "refused"),
        ("Max\nInterner Support", "reply"),
        ("Max\nRaum 12\nIntern: 4711", "reply"),
        ("Max\nRaum 12\n4711 (intern)", "reply"),
        ("Max\nGoethe-Schule\nIT-Support intern", "reply"),
    ):
        done = answers(MAX, ticket(), "").with_mail(text="Geheim.", signature=signature).decide()
        assert done.outcome == outcome, signature


def test_command_that_was_dictated_or_has_another_sign_is_refused_with_an_offer() -> None:
    for line in (
        *("Hashtag erledigt", "Raute schließen.", "hash close", "Nummer schließen", "Raute-Zeichen erledigt"),
        *("Hashtagerledigt", "mot-dièse fermer", "pound sign close", "Hash schließen bitte"),
        *("@close", "/close", "!erledigt", "№ close", "erledigt #", "Schließen#"),
    ):
        done = answers(MAX, ticket(), f"Läuft wieder.\n{line}").decide()
        assert (done.outcome, done.reasons) == ("refused", [Reason.IN_TEXT]), line
    for line in ("Raute drücken, dann läuft es.", "Nummer wählen", "@home", "C#", "Taste #", "Erledigt!"):
        assert answers(MAX, ticket(), line).decide().outcome == "reply", line


def test_command_typed_as_a_quotation_is_refused_with_an_offer() -> None:
    for text, quoted in (("Läuft wieder.", ">#close"), ("Geheim.", "> #notiz")):
        done = answers(MAX, ticket(), "").with_mail(text=text, quoted=f"{quoted}\n\n{ATTRIBUTION}").decide()
        assert (done.outcome, done.reasons) == ("refused", [Reason.IN_TEXT]), text
        done = answers(MAX, ticket(), f"{quoted}\n{text}").decide()
        assert (done.outcome, done.reasons) == ("refused", [Reason.IN_TEXT]), text
    quoted = f"{ATTRIBUTION}\n> #close"
    assert (
        answers(MAX, ticket(), "").with_mail(text="Danke, Erika.", quoted=quoted).decide().outcome == "reply"
    )


def test_answer_that_a_whole_list_would_read_is_refused_until_its_recipient_is_named() -> None:
    about = ticket(requester=Address("hilfe@schule.example", "Lena via Hilfe"), cc=())
    for text, notified in (
        ("Läuft wieder.", {(MAX, "refusal")}),
        ("Läuft wieder.\n#close", {(MAX, "refusal")}),
        ("#close", {(ERIKA, "closed_team"), (MAX, "command_receipt")}),
        (
            f"Läuft wieder.\n#for {LENA}",
            {(LENA, "added_to_cc"), (MAX, "command_receipt"), (ERIKA, "assigned_info")},
        ),
        ("Lena fragen.\n#note", {(ERIKA, "note"), (MAX, "command_receipt")}),
    ):
        done = answers(MAX, about, text).with_facts(from_lists=frozenset({about.key})).decide()
        assert done.notified == notified, text
    file = answers(MAX, about, "").with_mail(parts=(photo(),)).with_facts(from_lists=frozenset({about.key}))
    assert file.decide().notified == {(MAX, "refusal")}


def test_command_below_the_signature_or_after_a_sentence_is_refused_with_an_offer() -> None:
    for place in (
        {"text": "Läuft wieder.", "signature": "Max Mustermann\n\n#close"},
        {"text": "Läuft wieder. #close"},
        {"text": "Läuft wieder, bitte #schließen!"},
    ):
        done = answers(MAX, ticket(), "").with_mail(**place).decide()
        assert (done.outcome, done.reasons) == ("refused", [Reason.IN_TEXT]), place
        assert done.notified == {(MAX, "refusal")}


def test_note_of_the_assignee_is_sent_to_the_team() -> None:
    done = answers(MAX, assigned(MAX), "#note Ich bin morgen weg.").decide()
    assert done.notified == {(ERIKA, "note"), (MAX, "command_receipt")}
    assert done.notification(ERIKA).text == "Ich bin morgen weg."


def test_note_with_another_command_is_internal(subtests: pytest.Subtests) -> None:
    for line in ["#close", "#escalate", "#reopen"]:
        with subtests.test(line=line):
            done = answers(
                MAX, closed() if line == "#reopen" else ticket(), f"Geheim.\n#note\n{line}"
            ).decide()
            for requester in (LENA, KARL):
                assert done.notification(requester).text == ""
            assert done.message.visibility is Visibility.INTERNAL


def test_note_makes_the_text_internal_in_every_ticket_of_the_mail() -> None:
    other = ticket(14)
    done = answers(MAX, ticket(), "Geheim.\n#note\n#close 14").proven().with_facts(other).decide()
    assert {m.visibility for m in done.messages} == {Visibility.INTERNAL}
    assert done.notification(LENA).text == ""


def test_empty_note_is_refused() -> None:
    assert answers(MAX, ticket(), "#note").decide().reasons == [Reason.ARGUMENT]


def test_inline_logo_below_a_command_is_not_an_answer() -> None:
    done = answers(MAX, ticket(), "#take").with_mail(parts=(photo("logo.png", inline=True),)).decide()
    assert done.messages == []
    assert done.notified == {(ERIKA, "assigned_info"), (MAX, "command_receipt")}


def test_attachment_of_a_mail_with_a_command_is_sent_as_answer() -> None:
    done = answers(MAX, ticket(), "#take").with_mail(parts=(photo("anleitung.png"),)).decide()
    assert [a.filename for a in done.notification(LENA).attachments] == ["anleitung.png"]
