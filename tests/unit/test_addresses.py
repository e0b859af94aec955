"""Addresses have one form: it is the same for all spellings, and never the same for two mailboxes."""

import re

import pytest

from mailbot.addresses import ascii_domain, canonical_address
from mailbot.core.model.mail import Address
from mailbot.parse import parse
from mailbot.parse.names import given_name_first
from tests.support.mail_builder import mail

SAME = {
    "jana@weißgasse.example": (
        "JANA@WEIẞGASSE.example.",
        "jana@weiß\u200bgasse。example",
        '"jana"@weißgasse.example',
    ),
    "jörn@schule.example": (
        "Jo\u0308rn@Schule.Example.",
        "JÖRN@schule\u00ad.example",
        '"jörn"@schule.example',
    ),
    "o'neill@schule.example": (
        "O'Neill@schule.example",
        '"o\'neill"@schule.example',
    ),
    '"jana wolf"@schule.example': ('"Jana\\ Wolf"@schule.example', "jana wolf@schule.example"),
    '"jana@privat.example"@schule.example': ('"Jana@privat.example"@schule.example',),
}
OTHER = {
    "jana@weissgasse.example": ("jana@weißgasse.example",),
    "jana@οδοσ.example": ("jana@οδος.example",),
    "jana@schule.example": ("'jana@schule.example", "jana'@schule.example", "ja\u202ena@schule.example"),
    "max@schule.example": tuple(
        f"{'max'[:at]}{mark}{'max'[at:]}@schule.example"
        for mark in "\u00ad\u200b\u200d\u2060\ufeff\xa0\u3000\u2028\x0b\x1f"
        for at in range(4)
    ),
}
NOT_ADDRESSES = (
    *(
        "",
        "@",
        "jana",
        "jana@",
        "@schule.example",
        "jana@schule..example",
        "jana@.example",
        "jana@@schule.example",
        "jana@privat.example@schule.example",
        "jana@ schule.example",
    ),
    *(
        "jana\n@schule.example",
        "jana@schule.example'",
        "jana@schule.example，eve",
        f"{'ä' * 33}@schule.example",
    ),
    *(f"jana@{'ü' * 300}.example", "jana@schu\u200dle.example", "\udcff@schule.example"),
)


def test_every_spelling_of_an_address_has_one_form() -> None:
    for address, spellings in SAME.items():
        form = canonical_address(address)
        assert form is not None
        assert [s for s in (*spellings, form) if canonical_address(s) != form] == [], address


def test_a_local_part_with_a_dot_at_an_edge_or_two_in_a_row_is_quoted() -> None:
    for local in (".jana", "jana.", "jana..wolf", ".jörn"):
        assert canonical_address(f"{local}@schule.example") == f'"{local}"@schule.example'
    assert canonical_address('"jana.wolf"@schule.example') == "jana.wolf@schule.example"


def test_two_mailboxes_have_two_forms() -> None:
    for address, others in OTHER.items():
        assert canonical_address(address) not in map(canonical_address, others), address


def test_an_address_that_no_mail_can_be_sent_to_has_no_form() -> None:
    assert [text for text in NOT_ADDRESSES if canonical_address(text) is not None] == []


def test_a_domain_is_its_a_labels_by_idna_2008() -> None:
    assert ascii_domain("Weißgasse.Example") == "xn--weigasse-sya.example"
    assert ascii_domain("XN--WEIGASSE-SYA.example.") == "xn--weigasse-sya.example"


def test_the_sender_is_read_in_the_canonical_form(subtests: pytest.Subtests) -> None:
    for field, found in [
        ("Jana <jana@schule.example.>", ("jana@schule.example", "Jana")),
        ('"Jana Wolf"@schule.example', ('"jana wolf"@schule.example', "")),
        ("Wolf, Jana <jana@weißgasse.example>", ("jana@xn--weigasse-sya.example", "Jana Wolf")),
        ('"Wolf, Jana (10b)" <jana@schule.example>', ("jana@schule.example", "Jana Wolf (10b)")),
        ("Pat O'Neill <o'neill@schule.example>", ("o'neill@schule.example", "Pat O'Neill")),
        ("<'jana@schule.example>", ("'jana@schule.example", "")),
        ("\u202aJana <jana@schule.example>\u202c", ("jana@schule.example", "Jana")),
    ]:
        with subtests.test(field=field):
            assert parse(mail().sender(field).build()).senders == (Address(*found),)


def test_all_recipients_of_a_field_are_read_in_the_canonical_form() -> None:
    made = mail().cc("Wolf, Jana <jana@schule.example.>", "'karl@schule.example'", "undisclosed-recipients:;")
    found = parse(made.build()).cc
    assert found == (Address("jana@schule.example", "Jana Wolf"), Address("karl@schule.example"))
    for field in (
        "jana@schule.example; karl@schule.example",
        "Team: jana@schule.example, karl@schule.example;",
    ):
        assert [a.email for a in parse(mail().cc(field).build()).cc] == [
            "jana@schule.example",
            "karl@schule.example",
        ]


NAMES = {
    "Wolf, Jana": "Jana Wolf",
    "Dr. Wolf, Jana": "Dr. Jana Wolf",
    "Wolf, Prof. Dr. Jana": "Prof. Dr. Jana Wolf",
    "von der Aue, Ben-Luca": "Ben-Luca von der Aue",
    "Aue, Ben von der": "Ben von der Aue",
    "Wolf, J.": "J. Wolf",
    "Wolf, Frau": "Frau Wolf",
    "Wolf, Jana - Waldschule": "Jana Wolf - Waldschule",
    "Wolf, Jr.": "Wolf, Jr.",
    "Sekretariat, Waldschule": "Sekretariat, Waldschule",
    "Wolf, Jana und Ben": "Wolf, Jana und Ben",
    "Raum 12, Beamer": "Raum 12, Beamer",
    "Jana Wolf": "Jana Wolf",
    "Wolf, Jana, OStR": "Wolf, Jana, OStR",
}


def test_the_given_name_comes_before_the_surname() -> None:
    assert {name: given_name_first(name) for name in NAMES} == NAMES


FROM = ("{}@schule.example", "Jana <{}@schule.example>", '"{}"@schule.example')
INVISIBLE = "\u00ad\u200b\u200d\u200e\u202a\u2060\u2066\u3000\u3164\ufeff\ufe0f\xa0\x0b\x1f\x85"


def test_an_address_with_an_invisible_character_is_not_that_without_it() -> None:
    taken = []
    for mark in INVISIBLE:
        for field in (form.format(f"{'jana'[:at]}{mark}{'jana'[at:]}") for form in FROM for at in (0, 2, 4)):
            found = parse(f"From: {field}\r\nSubject: Beamer\r\n\r\nBeamer\r\n".encode())
            taken += [field for person in found.senders if person.email == "jana@schule.example"]
    # programs write marks of direction around addresses
    assert [field for field in taken if not re.search("(?:^|<)[\u200e\u202a\u2066]", field)] == []


AROUND = (
    "Jana <\u202ajana@schule.example\u202c>",
    "<\u2066jana@schule.example\u2069>",
    "\u200fjana@schule.example",
    "\u202ajana@schule.example\u202c",
    "\u202aJana\u202c <jana@schule.example>",
)
DISPLAY_NAMES = (
    "Jana\xa0Wolf/IT@Schule <jana@schule.example>",
    "Frau\xa0jana@home.example <jana@schule.example>",
    "\u2764\ufe0fjana@home <jana@schule.example>",
    '"Wolf,\xa0Jana@Schule, IT" <jana@schule.example>',
    "Jana\xa0Wolf(jana@x) <jana@schule.example>",
)


def test_marks_of_direction_around_an_address_and_its_display_name_do_not_matter(
    subtests: pytest.Subtests,
) -> None:
    for field in [*AROUND, *DISPLAY_NAMES]:
        for name in ["From", "Reply-To"]:
            with subtests.test(field=field, name=name):
                sender = "" if name == "From" else "From: web@forms.example\r\n"
                found = parse(f"{sender}{name}: {field}\r\nSubject: Beamer\r\n\r\nBeamer\r\n".encode())
                people = found.senders if name == "From" else found.reply_to
                assert [person.email for person in people] == ["jana@schule.example"]


NO_SENDER = [
    "x\xa0jana@schule.example <>",
    "x\xa0jana@schule.example <jana>",
    "Jana@Schule <x\xa0jana@schule.example>",
    '"<x\xa0jana@schule.example>"',
    "Max <max@schule.example\xa0>, x\xa0jana@schule.example",
    "x\xa0jana@schule.example, Max <max@schule.example>",
]


def test_an_invisible_character_in_what_may_be_the_address_leaves_no_sender(
    subtests: pytest.Subtests,
) -> None:
    for field in NO_SENDER:
        with subtests.test(field=field):
            found = parse(f"From: {field}\r\nSubject: Beamer\r\n\r\nBeamer\r\n".encode())
            assert "jana@schule.example" not in [person.email for person in found.senders]


def test_sender_without_a_possible_address_is_no_sender() -> None:
    domain = f"{'a' * 64}.example"
    assert parse(mail().sender(f"Jana Wolf <jana@{domain}>").build()).senders == ()
