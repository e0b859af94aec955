"""Attributions, device lines and warnings of many programs are cut, and no word of a person is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.core.text.quotation import split

OLD = "Der Beamer in Raum 204 bleibt dunkel."
NEW = "Kabel getauscht, läuft."

ATTRIBUTIONS = [
    "Am 12.05.2025 um 08:05 schrieb kim probst:",
    "Am 12.05.25 um 08:05 schrieb Kim Probst via Hilfe:",
    "Am Montag, dem 12. Mai 2025 um 08:05 Uhr schrieb Kim Probst <kim@hgs.example>:",
    "Am Mo., 12. Mai 2025 um 08:05 Uhr schrieb Dr. Kim Probst <kim@hgs.example>:",
    "Am Mo., 12.\nMai 2025 um 08:05 Uhr schrieb Kim Probst <kim@hgs.example>:",
    "Kim Probst <kim@hgs.example> hat am 12.05.2025 08:05 geschrieben:",
    "Kim Probst hat am 12.\nMai 2025 um 08:05 geschrieben:",
    "Kim Probst schrieb am 12.05.2025 um 08:05:",
    "kim.probst@hgs.example schrieb am 12.05.2025 08:05:",
    "Am 12.05.2025 um 08:05 schrieb Kim Probst folgendes:",
    "Kim Probst schrieb am 12. Mai 2025 folgendes:",
    "Op 12 mei 2025 om 08:05 schreef kim probst <kim@hgs.example> het volgende:",
    "Op ma 12 mei 2025 om 08:05 schreef Kim Probst <kim@hgs.example>:",
    "On Mon, May 12, 2025 at 8:05 AM Kim Probst <kim@hgs.example> wrote:",
    "On 12 May 2025, at 08:05, Kim Probst <kim@hgs.example> wrote:",
    "On 12/05/2025 08:05, Kim Probst wrote the following:",
    "On Monday, May 12th, 2025 at 8:05 AM, Kim Probst <kim@hgs.example> wrote:",
    "Le lun. 12 mai 2025 à 08:05, Kim Probst <kim@hgs.example> a écrit :",
    "Le 12/05/2025 à 08:05, Kim Probst a écrit :",
    "El lun, 12 may 2025 a las 8:05, Kim Probst (<kim@hgs.example>) escribió:",
    "El lunes, 12 de mayo de 2025 08:05:12 CEST, Kim Probst <kim@hgs.example> escribió:",
    "Il giorno lun 12 mag 2025 alle ore 08:05 Kim Probst <kim@hgs.example> ha scritto:",
    "Il 12/05/2025 08:05, Kim Probst ha scritto:",
    "Em seg., 12 de mai. de 2025 às 08:05, Kim Probst <kim@hgs.example> escreveu:",
    "pon., 12 maj 2025 o 08:05 Kim Probst <kim@hgs.example> napisał(a):",
    "W dniu 12.05.2025 o 08:05, Kim Probst pisze:",
    "Wiadomość napisana przez Kim Probst <kim@hgs.example> w dniu 12.05.2025, o godz. 08:05:",
    "Dnia 12 maja 2025 08:05 Kim Probst <kim@hgs.example> napisał(a):",
    "12 May 2025 Pzt 08:05 tarihinde Kim Probst <kim@hgs.example> şunu yazdı:",
    "Kim Probst <kim@hgs.example>, 12 May 2025 Pzt, 08:05 tarihinde şunu yazdı:",
    "пн, 12 мая 2025 г. в 08:05, Kim Probst <kim@hgs.example>:",
    "12.05.2025 08:05, Kim Probst пишет:",
    "12 мая 2025 г., в 08:05, Kim Probst <kim@hgs.example> написал(а):",
    "Понедельник, 12 мая 2025, 8:05 +03:00 от Kim Probst <kim@hgs.example>:",
    "пн, 12 трав. 2025 р. о 08:05 Kim Probst <kim@hgs.example> пише:",
    "Den mån 12 maj 2025 kl 08:05 skrev Kim Probst <kim@hgs.example>:",
    "Den man. 12. maj 2025 kl. 08.05 skrev Kim Probst <kim@hgs.example>:",
    "man. 12. mai 2025 kl. 08:05 skrev Kim Probst <kim@hgs.example>:",
    "ma 12. toukok. 2025 klo 8.05 Kim Probst (kim@hgs.example) kirjoitti:",
    "po 12. 5. 2025 v 8:05 odesílatel Kim Probst <kim@hgs.example> napsal:",
    "po 12. 5. 2025 o 8:05 Kim Probst <kim@hgs.example> napísal(a):",
    "Kim Probst <kim@hgs.example> ezt írta (időpont: 2025. máj. 12., H, 8:05):",
    "Kim Probst <kim@hgs.example> ezt írta (időpont: 2025. máj.\n12., H, 8:05):",
    "lun., 12 mai 2025 la 08:05, Kim Probst <kim@hgs.example> a scris:",
    "Στις Δευ 12 Μαΐ 2025 στις 8:05 π.μ., ο χρήστης Kim Probst <kim@hgs.example> έγραψε:",
    "На пн, 12.05.2025 г. в 8:05 ч. Kim Probst <kim@hgs.example> написа:",
    "pon, 12. svi 2025. u 08:05 Kim Probst <kim@hgs.example> napisao je:",
    "V V pon., 12. maj 2025 ob 08:05 je oseba Kim Probst <kim@hgs.example> napisala:",
    "Kuupäev E, 12. mai 2025 kell 08:05 kirjutas Kim Probst <kim@hgs.example>:",
    "pirmd., 2025. g. 12. maijs, plkst. 08:05 — lietotājs Kim Probst (<kim@hgs.example>) rakstīja:",
    "2025-05-12, pr, 08:05 Kim Probst <kim@hgs.example> rašė:",
    "Vào Th 2, 12 thg 5, 2025 vào lúc 08:05 Kim Probst <kim@hgs.example> đã viết:",
    "Pada Sen, 12 Mei 2025 pukul 08.05 Kim Probst <kim@hgs.example> menulis:",
    "2025年5月12日(月) 8:05 Kim Probst <kim@hgs.example>:",
    "Kim Probst <kim@hgs.example> 于2025年5月12日周一 08:05写道：",
    "2025년 5월 12일 (월) 오전 8:05, Kim Probst <kim@hgs.example>님이 작성:",
    "في الاثنين، 12 مايو 2025 في 8:05 ص تمت كتابة ما يلي بواسطة Kim Probst <kim@hgs.example>:",
    "בתאריך יום ב׳, 12 במאי 2025 ב-8:05 מאת Kim Probst <kim@hgs.example>:",
    "2025-05-12 08:05 GMT+02:00 Kim Probst <kim@hgs.example>:",
    "În lun., 12 mai 2025 la 08:05, Kim Probst <kim@hgs.example> a scris:",
    "Më hën, 12 maj 2025 në 8:05 PD Kim Probst <kim@hgs.example> shkroi:",
    "Zitat von Kim Probst <kim@hgs.example>:",
    "Quoting Kim Probst <kim@hgs.example>:",
    "---- Kim Probst schrieb ----",
    "---- kim probst wrote ----",
    "---- Am Mo, 12 Mai 2025 08:05:00 +0200 Kim Probst <kim@hgs.example> schrieb ----",
    "---- On Mon, 12 May 2025 08:05:00 +0200 Kim Probst <kim@hgs.example> wrote ---",
    "---- Kim Probst a écrit ----",
    "-------- Ursprüngliche Nachricht --------",
    "-------- Oorspronkelijk bericht --------",
    "-------- Messaggio originale --------",
    "-------- Wiadomość oryginalna --------",
    "-------- Mensaje original --------",
    "----- Původní zpráva -----",
    "-------- Originele bericht --------",
    "-------- Orijinal mesaj --------",
    "----- Исходное сообщение -----",
    ">>> Kim Probst <kim@hgs.example> 12.05.2025 08:05 >>>",
    '>>> "Kim Probst" <kim@hgs.example> 5/12/2025 8:05 AM >>>',
    ">>> Kim Probst 12.05.25 8.05 Uhr >>>",
    '>>> On 5/12/2025 at 8:05 AM, in message <abc@hgs.example>, "Kim Probst" <kim@hgs.example> wrote:',
    '>>> Am 12.05.2025 um 08:05 schrieb "Kim Probst" <kim@hgs.example>:',
    "Von: Kim Probst <kim@hgs.example>\nGesendet: Montag, 12. Mai 2025 08:05\nAn: Hilfe\nBetreff: Beamer",
    "From: Kim Probst <kim@hgs.example>\nSent: Monday, May 12, 2025 8:05 AM\nTo: Help\nSubject: Beamer",
    "De : Kim Probst <kim@hgs.example>\nEnvoyé : lundi 12 mai 2025 08:05\nÀ : Aide\nObjet : Beamer",
    "Van: Kim Probst <kim@hgs.example>\nVerzonden: maandag 12 mei 2025 08:05\nAan: Hulp\nOnderwerp: Beamer",
    "Da: Kim Probst <kim@hgs.example>\nInviato: lunedì 12 maggio 2025 08:05\nA: Aiuto\nOggetto: Beamer",
    "From: kim@hgs.example\nTo: hilfe@hgs.example\nDate: Mon, 12 May 2025 08:05:00 +0200",
    "Am 12.05.2025 um 08:05 schrieb Kim Probst <\nkim@hgs.example>:",
    "Am 12. Mai 2025 08:05:12 MESZ schrieb Kim Probst <kim@hgs.example>:",
    "Am 12.05.2025 08:05, schrieb Kim Probst:",
    "*Am 12.05.2025 um 08:05 schrieb Kim Probst:*",
    "Kim Probst <kim@hgs.example> schrieb am Mo., 12. Mai\n2025, 08:05:",
    "On Mon, May 12, 2025 at 8:05 AM Kim Probst\n\n<\nmailto:Kim Probst <kim@hgs.example>\n> wrote:",
    "On Mon, May 12, 2025 at 8:05 AM Kim Probst\n\n<\nkim@hgs.example\n> wrote:",
    "Am Mo., 12. Mai 2025 um 08:05 schrieb Kim Probst <\n\nkim@hgs.example\n\n>:",
    "On Mon, May 12, 2025 at 8:05 AM Kim Probst\n\n<\n\nmailto:kim@hgs.example\n\n> wrote:",
    "mán., 12. maí 2025 kl. 08:05 skrifaði Kim Probst <kim@hgs.example>:",
    "Am 12.05.2025 um 08:05 schrieb support schule west:",
    "Am Mo., 12. Mai\n2025 um 08:05 Uhr schrieb Kim Probst <kim@hgs.example>:",
    "On 12 May\n2025, at 08:05, Kim Probst <kim@hgs.example> wrote:",
    "Am 12. Mai 2025 um\n08:05 schrieb Kim Probst <kim@hgs.example>:",
    "Kim Probst hat am 12.05.2025 um 08:05 Folgendes geschrieben:",
    "En lunes, 12 de mayo de 2025, 08:05:12 CEST, Kim Probst <kim@hgs.example> escribió:",
    "Le lun. 12 mai 2025 à 08:05, Kim Probst\n\n<\nmailto:kim@hgs.example\n> a écrit :",
    "Date: Mon, 12 May 2025 08:05:00 +0200\nTo: hilfe@hgs.example",
    "Subject: Beamer\nDate: Mon, 12 May 2025 08:05:00 +0200",
]
GLUED = [
    'Am 12.05.2025 um 08:05 schrieb "Kim Probst" <kim@hgs.example>:',
    "Kim Probst <kim@hgs.example> schrieb am 12.05.2025, 08:05:",
    "On Mon, May 12, 2025 at 8:05 AM Kim Probst <kim@hgs.example> wrote: ",
]
_ALONE = (
    ">>>",
    "--",
    "*",
    "Date:",
    "Subject:",
    "Von:",
    "From:",
    "De :",
    "Van:",
    "Da:",
)  # need a line of their own


def test_words_above_and_before_an_attribution_are_the_answer(subtests: pytest.Subtests) -> None:
    for above in [f"{NEW}\n\n", f"{NEW}\n", f"{NEW} ", "Am Mittwoch komme ich\n", "3 Lampen fehlen\n"]:
        with subtests.test(above=above):
            for attribution in ATTRIBUTIONS:
                for mark in ("", "> "):
                    if above.endswith(" ") and attribution.startswith(_ALONE):
                        continue
                    got = split(f"{above}{attribution}\n\n{mark}{OLD}\n{mark}Seit gestern.\n")
                    assert got.text == above.strip(), attribution
                    assert OLD in got.quoted, attribution


_SHORT = [
    "Ja", "ok", "danke!", "Erledigt", "Geht wieder, danke!", "Raum 204", "Läuft 👍", "👍", "Ja, 12", "LG",
    "#schließen", "Schreib an x@hgs.example", "Beamer (Raum 204)", "Das ist die Nr. 4711", "Works, thanks",
    "No", "Oui", "Non, toujours pas", "Ça marche", "Danke, Lena",
]  # fmt: skip
_IN_LINE = [
    "Am Mo., 12. Mai 2025 um 08:05 schrieb Kim Probst <kim@hgs.example>:",
    "Am 12.05.2025 um 08:05 schrieb Support Gymnasium:",
    "Am Montag, dem 12.05.2025 um 08:05 +0100 schrieb Kim Probst:",
    "Am 2025-05-12 08:05, schrieb Kim Probst:",
    "On Mon, May 12, 2025 at 8:05 AM Kim Probst <kim@hgs.example> wrote:",
    "On 12/05/2025 08:05, Kim Probst wrote:",
    "Le lun. 12 mai 2025 à 08:05, Kim Probst <kim@hgs.example> a écrit :",
    "Le 12/05/2025 à 08:05, Kim Probst a écrit :",
]


def test_wrapped_attribution_of_groupwise_introduces_a_quotation_without_marks() -> None:
    for attribution in (
        '>>> "Kim Probst" <kim@hgs.example>\n12.05.2025 08:05 >>>',
        ">>> Kim Probst <kim@hgs.example> Montag, 12.\nMai 2025 08:05 >>>",
    ):
        got = split(f"{NEW}\n\n{attribution}\n{OLD}\n")
        assert (got.text, OLD in got.quoted) == (NEW, True)


def test_short_answer_in_the_line_of_an_attribution_is_all_of_the_text(subtests: pytest.Subtests) -> None:
    for attribution in _IN_LINE:
        with subtests.test(attribution=attribution):
            for answer in _SHORT:
                for gap in ("", " ", "\t"):
                    for end in ("\n\n", "\n", "\n> ", "\n\n> ", " > "):
                        mark = "> " if ">" in end else ""
                        got = split(f"{answer}{gap}{attribution}{end}{OLD}\n{mark}#schließen\n{mark}Kim")
                        assert got.text == answer, (gap, end)


def test_answer_before_a_name_or_a_date_in_lower_case_is_no_part_of_the_attribution(
    subtests: pytest.Subtests,
) -> None:
    named = "Kim Probst <kim@hgs.example> schrieb am Mo., 12. Mai 2025, 08:05:"
    dated = "am Mo., 12. Mai 2025 um 08:05 schrieb Kim Probst <kim@hgs.example>:"
    for answer in ["Ja", "Oui", "Läuft 👍", "Läuft :-)", "#schließen", "Geht wieder!", "Ja #schließen"]:
        for attribution in (named, dated):
            with subtests.test(answer=answer, attribution=attribution):
                assert split(f"{answer} {attribution}\n> {OLD}\n> Kim").text == answer
    for answer in [
        "12:30 Uhr passt", "2 Stück reichen", "Am 5.3. um 8 Uhr", "Raum 204", "Ist erledigt", "Ça marche",
        "3",
        "Erst Donnerstag", "Bitte an x@hgs.example", "Wann?", "Mo. passt", "Nr. 4711", "Le lundi, oui",
    ]:  # fmt: skip
        for attribution in (named, "Kim Probst <kim@hgs.example> hat am 12.05.2025 08:05 CEST geschrieben:"):
            with subtests.test(answer=answer, attribution=attribution):
                assert split(f"{answer} {attribution}\n> {OLD}\n> Kim").text == answer
    for name in ("it-hilfe hgs", "sekretariat der Hölderlin-Schule", "Team 3 Support"):
        with subtests.test(name=name):
            attribution = f"{name} <kim@hgs.example> hat am 12.05.2025 08:05 CEST geschrieben:"
            assert "geschrieben" not in split(f"{NEW}\n\n{attribution}\n> {OLD}\n> Kim").text
    for answer in ["Raum 204.", "Ja.", "Geht wieder!"]:
        with subtests.test(answer=answer):
            assert split(f"{answer} Kim Probst schrieb:\n> {OLD}\n> Kim").text == answer
    for answer in ["Danke, Lena", "Passt so", "Der Beamer geht wieder"]:
        with subtests.test(answer=answer):
            assert split(f"{answer} {named}\n> {OLD}\n> Kim").text.startswith(answer)


def test_own_words_before_a_date_or_a_name_in_other_languages_are_the_answer(
    subtests: pytest.Subtests,
) -> None:
    for answer, attribution in [
        ("Tak", "pon., 12 maj 2025 o 08:05 Kim Probst <kim@hgs.example> napisał(a):"),
        (
            "Już działa",
            "Wiadomość napisana przez Kim Probst <kim@hgs.example> w dniu 12 maj 2025, o godz. 08:05:",
        ),
        ("2 Stück reichen", "12. Mai 2025, 08:05 von kim@hgs.example:"),
        ("Room 204", "12 May 2025, 08:05 by kim@hgs.example:"),
        ("Frau Lenz hat den Stick", '12. Mai 2025 08:05, "Kim Probst" <kim@hgs.example> schrieb:'),
        ("Drei Kabel reichen", "12.05.2025, 08:05, Kim Probst <kim@hgs.example>:"),
        ("Raum 204 reicht", "Kim Probst schrieb am Montag, 12.05.2025 um 08:05:"),
        ("Evet", "Kim Probst <kim@hgs.example>, 12 May 2025 Pzt, 08:05 tarihinde şunu yazdı:"),
        ("Sì", "Kim Probst <kim@hgs.example> ha scritto:"),
    ]:
        with subtests.test(answer=answer, attribution=attribution):
            for mark in ("", "> "):
                assert split(f"{answer} {attribution}\n\n{mark}{OLD}\n").text == answer
    for answer in ("Geht wieder!", "Läuft wieder, danke."):
        with subtests.test(answer=answer):
            named = "Kim Probst <kim@hgs.example> schrieb am 12.05.2025 um 08:05:"
            assert split(f"{answer}{named}\n> {OLD}\n").text == answer
    for attribution in ("Kuupäev E, 12. mai 2025 kell 08:05 kirjutas Kim Probst <kim@hgs.example>:",):
        with subtests.test(attribution=attribution):
            assert split(f"{NEW}\n\n{attribution}\n> {OLD}\n").text == NEW


def test_name_above_its_address_belongs_to_the_attribution_that_was_wrapped(
    subtests: pytest.Subtests,
) -> None:
    address = "<anna-lena.von-der-linden@hoelderlin-schule.example>"
    for wrapped in [
        f"Anna-Lena von der Linden\n{address} schrieb am 12.05.2025 um 08:05:",
        f"Wiadomość napisana przez Anna-Lena von der Linden\n{address} w dniu 12 maj 2025, o godz. 08:05:",
        f"Zitat von Anna-Lena von der Linden\n{address}:",
        "Kim Probst <kim@hgs.example> ezt írta (időpont: 2025.\nmáj. 12., H, 8:05):",
        "Anna-Lena von der Linden <lena@hgs.example>, 12 May\n2025 Pzt, 08:05 tarihinde şunu yazdı:",
    ]:
        with subtests.test(wrapped=wrapped):
            assert split(f"{NEW}\n\n{wrapped}\n> {OLD}\n").text == NEW
    for above in ("Bitte fragt Anna-Lena von der Linden", "Danke Kim", "Läuft wieder"):
        with subtests.test(above=above):
            assert split(f"{above}\n{address} schrieb am 12.05.2025 um 08:05:\n> {OLD}\n").text.startswith(
                above
            )


def test_name_and_date_without_a_verb_introduce_a_quotation_if_the_name_is_below_it(
    subtests: pytest.Subtests,
) -> None:
    signed = f"{OLD}\n\nGruß\nKim\n"
    for introduction in [
        "Kim Probst, 12.05.2025 08:05:",
        "Kim Probst, 12. Mai 2025 um 08:05 Uhr:",
        '"Kim Probst" – 12.05.2025 08:05:',
        '"Kim Probst" <kim@hgs.example> – 12. Mai 2025 08:05',
        f'"Kim Probst" ---12.05.2025 08:05:11---{OLD}\n\nVon: "Kim Probst" <kim@hgs.example>',
    ]:
        with subtests.test(introduction=introduction):
            assert split(f"{NEW}\n\n{introduction}\n\n{signed}").text == NEW
    for kept in [
        f"{NEW}\n\nElternabend Aula, 12.05.2025 19:00:\n\nWir brauchen den Beamer.\n\nGruß\nKim",
        f"Kim Probst, 12.05.2025 08:05:\n\n{signed}",
        f"{NEW}\n\nKim Probst, 12.05.2025 08:05:\nBirne\n\nEva Lang, 13.05.2025 09:05:\nTon\n\nKim",
        f"Diese Ausfälle:\n\nKim Probst, 12.05.2025 08:05:\n{signed}",
        f"{NEW}\n\nElternabend Aula, 12.05.2025 19:00:\n\nBeamer\n\nAula",
        f"{NEW}\n\nServer ---12.05.2025 08:05:11---Fehler 12\n\nund dann nichts.",
        f"{NEW}\n\nHans Lang --- 12.05.2025\n\nist da.",
        f"{NEW}\n\nEva Lang ---12.05.2025 08:05--- Termin",
    ]:
        with subtests.test(kept=kept):
            assert split(kept).text == kept.strip()


def test_text_below_a_header_block_and_its_quoted_lines_is_the_answer(subtests: pytest.Subtests) -> None:
    fields = (
        "Von: Kim Probst <kim@hgs.example>\nDatum: 12.05.2025 08:05\nAn: hilfe@hgs.example\nBetreff: Beamer"
    )
    for header in (
        f"-----Original-Nachricht-----\n{fields}",
        fields,
        f"-------- Ursprüngliche Nachricht --------\n{fields}",
    ):
        with subtests.test(header=header):
            got = split(f"{header}\n\n> {OLD}\n> Kim\n\n{NEW}")
            assert (got.text, got.forwarded) == (NEW, False)
            above = split(f"Guten Tag\n\n{header}\n\n> {OLD}\n\n{NEW}")
            assert above.text == "Guten Tag"  # the quoted mail may have quoted lines itself
            assert split(f"{header}\n\n{OLD}\n").text == ""


def test_text_behind_the_colon_of_an_attribution_is_quoted(subtests: pytest.Subtests) -> None:
    for attribution in GLUED:
        with subtests.test(attribution=attribution):
            got = split(f"{NEW}\n\n{attribution}{OLD}\nSeit gestern.\n")
            assert got.text == NEW
            assert f"{OLD}\nSeit gestern." in got.quoted


def test_answers_in_the_element_of_gmail_around_attribution_and_quotation_are_kept() -> None:
    wrote = "Am 12.05.2025 um 08:05 schrieb Kim Probst <kim@hgs.example>:"
    reply = f"> > {wrote}\n>\n> > Welcher Raum?\n> Raum 12\n> > Gerät?\n> Beamer"
    assert split(reply, structured=True).text == "> Welcher Raum?\nRaum 12\n> Gerät?\nBeamer"
    assert split(f"Ja.\n{reply}", structured=True).text.startswith("Ja.\n\n> Welcher Raum?")
    for above in (f"{NEW}\n{wrote}\n", f"{NEW}\n"):
        older = f"> > {wrote}\n> > {OLD}\n" + ("> Danke.\n" if wrote in above else "")
        assert split(f"{above}{older}", structured=True).text == NEW, above


def test_separator_behind_own_words_in_their_line_begins_the_quotation() -> None:
    for begin in (
        "-----Ursprüngliche Nachricht-----",
        "---- Kim Probst schrieb ----",
        "Von: Kim <kim@hgs.example> Gesendet: 12. Mai 2025 08:05 An: hilfe Betreff: Beamer",
    ):
        assert split(f"{NEW} {begin}\n{OLD}").text == NEW, begin
    for text in ("Hier fehlt alles ---- Seite 12 ----", "Umzug Von: Raum 3 An: Raum 4"):
        assert split(text).text == text


def test_words_below_a_signature_above_the_quotation_are_the_answer() -> None:
    quotation = f"Am 12.05.2025 um 08:05 schrieb Kim Probst:\n> {OLD}"
    for text, kept in (
        (f"-- \nMax Mustermann\nTel. 0123 456789\n\n{NEW}", True),
        ("Ja.\n\n-- \nMax Mustermann\nTel. 0123 456789\n\nGymnasium am Markt", False),
    ):
        assert (NEW in split(f"{text}\n\n{quotation}").text) == kept, text


def test_attribution_above_a_separator_and_answers_below_a_quotation() -> None:
    assert split(f"{NEW}\n\nKim schrieb:\n\n-- Bitte über dieser Zeile antworten --\n{OLD}").text == NEW
    assert split(f"{NEW}\n\nKim schrieb:\n\n### Antworten bitte oberhalb dieser Linie ###\n{OLD}").text == NEW
    for marker in [
        "Kim schreef:\n\n##- Typ uw antwoord boven deze regel -##",
        "Kim ha scritto:\n\n##- Scrivere la risposta sopra questa riga -##",
        "Kim escribió:\n\n##- Responda por encima de esta línea -##",
        "Kim napisał(a):\n\n##- Odpowiedz powyżej tej linii -##",
    ]:
        assert split(f"{NEW}\n\n{marker}\n\n{OLD}").text == NEW, marker
    assert split(f"Am 12.05.2025 um 08:05 schrieb kim probst:\n> {OLD}\n\n{NEW}").text == NEW
    assert split(f"{NEW}\n\nDate: Tue, 13 May 2025 07:00:00 +0200\nTo: kim@hgs.example\n\n").text == NEW


def test_words_of_a_person_that_look_like_those_of_a_program_stay(subtests: pytest.Subtests) -> None:
    for text in [
        "Am 12.05.2025 um 10 Uhr kam eine Mail, in der Kim Probst schrieb:\nDer Beamer ist aus.",
        "Das habe ich am 4.3. bemerkt, wie Frau Probst schrieb:\n\nBeamer ist aus.",
        "Am 12.05.2025 schrieb mir Kim Probst, dass der Beamer aus ist:\n\nBild anbei.",
        "Er schrieb am 12.05.2025 um 10:15:\nDas Passwort fehlt.",
        "Ja, am 12.05.2025 um 10:15 schrieb Frau Probst an alle: Der Server ist aus.",
        "Danke Kim Probst schrieb das auch",
        "Wir treffen uns am 12.05.2025 um 10:15, schrieb Kim Probst:\n\nBitte kommen.",
        "Der Beamer ging am 12.05.2025 um 10:15 aus, schrieb Kim Probst:\n\nBitte kommen.",
        "Termin ist Mo, 12. Mai 2025 um 10:15, schrieb uns Kim Probst:\n\nBitte kommen.",
        "Wie Kim Probst am 12.05.2025 um 10:15 schrieb: Der Server ist aus.",
        "Raum 204 Lena Lehrerin schrieb mir",
        "Bitte antworten an kim@hgs.example bis 12.05.2025 10:15:\nDanke",
        "Termin: 12.05.2025 10:15 Uhr\nOrt: Raum 204\nThema: Beamer",
        "Hallo,\n\nVon: Raum 204\nAn: Raum 205\nDatum: morgen\n\nbitte umziehen.",
        "Folgendes fehlt:\n---\nBeamer\nLaptop 17",
        "Hallo,\n\n----------\nKabel getauscht, läuft.\n----------\n\nGruß",
        "Es fehlen:\n\n- Beamer",
        "Die Seiten gehen nicht:\n\n___\nhttps://a.example/b\nhttps://a.example/c",
        "Der Beamer ist aus.\n\n____\nBitte bald reparieren, wir brauchen ihn. Tel. 0123 456789",
        "Gruß\nKim\n\nTel. 0123 456789\nwww.hgs.example\n\nBitte heute noch, sonst fällt die Stunde aus.",
        "Achtung, E-Mails von externen Absendern kommen nicht mehr an!\nBitte prüfen.",
        "Diese E-Mail kommt von extern nicht an, was tun?",
        "Diese Mail wurde von Frau Probst gesendet.\nStimmt das?",
        "Von meinem Laptop",
        "Ich tippe das hier auf dem Rückweg, vom iPhone",
        "Von: Raum 204\nAn: Raum 205",
        "Diese Mail wurde von Frau Probst geprüft",
        "Von meinem Handy aus geht es.",
        "Diese Nachricht war nicht für den Empfänger bestimmt und wurde irrtümlich gelöscht?",
    ]:
        with subtests.test(text=text):
            assert "".join(split(text).text.split()) == "".join(text.split())


_WORDS = st.sampled_from(
    [
        "Am",
        "On",
        "12.05.2025",
        "4.",
        "Mai",
        "um",
        "10:15",
        "Uhr",
        "der",
        "Beamer",
        "ist",
        "ich",
        "bitte",
        "Raum",
        "geht",
        "nicht",
        "Danke",
        "Tel.",
        "0123",
        "und",
        "Von",
    ]
)


@given(st.lists(st.lists(_WORDS, min_size=1, max_size=9).map(" ".join), max_size=8).map("\n".join))
def test_text_of_usual_words_without_a_quotation_is_not_shortened(text: str) -> None:
    got = split(text)
    assert not got.quoted
    assert "".join((got.text + got.signature).split()) == "".join(text.split())
