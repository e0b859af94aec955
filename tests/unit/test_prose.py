"""The prose check refuses the old prose of this project and accepts the plain one."""

from pathlib import Path

import pytest

from tests.prose import problems

OLD = """
Every door of the desk does the same four things. A mail arrives, a minute passes: three doors, one core.
By NOTIFY they tell each other to share out anew; for all look by themselves.
A mail is in the ledger once, whatever it was delivered or fetched again; so its effects happen once.
What can do harm travels with no letter, and no exchange of letters between machines goes on.
What time does to a ticket is written with the step that it was, whoever looks.
Believes no sender's address: who gives commands answers a mail that was sent to that very person.
One that killed the process is tried alone, so that it is known for it.
Hold an answer that a colleague forestalled by minutes, until its writer sends it all the same.
Standing guard: what asks for an operator although nothing has failed aloud. Pure.
A clock that goes astray by more than that between two looks was set; less is what NTP does.
A worker is among the living as long as it says so in time. The mailboxes of one that is not are anybody's.
What a ticket's requester writes to its school is let be from now on, or is read again.
A ticket with so many messages goes on in another one, which bears its name, too.
Wait until `called`: by whoever leaves a connection to us, or by who wants us to end.
Handle what is new whenever the server or the bell says so; the whole folder at first.
of a mailbox that fails aloud the operators were told
Tell what operators and the clock did that concerns no single ticket.
Who of the school's own people stands in To or Cc of a mail gets the ticket's mails in copy.
putting right what came to the wrong ticket, the wrong school or is no business of anybody
Hear the daemons out while they are tortured: unheard, one of them waited for ever to say that it is ready.
No token could be had besides.
The requester is told of it.
Tell whether the bytes are an encrypted message.
Nobody answers, and he is reminded; the file lies in his house.
The own template is read, also if it is broken.
A mailbox that cannot mend itself is reported.
The saved text stands between the other lines.
""".strip().splitlines()

PLAIN = """
Every entry point (incoming mail, timer, operator command) follows the same four steps.
Workers use NOTIFY to trigger a rebalance. A lost notification only delays it until the next 5-second poll.
The ledger holds each mail once, even if it is delivered or fetched again, so its effects are applied once.
Dangerous attachments are never sent, and rate limits stop mail loops.
A timer stores the stage it reached, so each stage runs once even with several workers.
Authenticates senders: commands are accepted only in a reply to a mail sent to that person.
A mail that was in progress when the process died is retried alone, to identify it as the cause.
Hold an answer if a colleague answered minutes earlier; the author may still send it.
Health rules: detect silent failures that need an operator.
A larger jump between two checks means the clock was set; smaller drift is NTP.
A worker is alive while its heartbeat is fresh. Mailboxes of dead workers may be acquired by any worker.
Block or unblock the requester's address for this school.
Merge a ticket into another; its key becomes an alias of the target.
Block until a connection slot is granted or the worker is stopped.
Process new mail on IDLE events or wake-ups; scan the whole folder on the first pass.
failing mailboxes have already raised their own alert
Show audit entries that do not belong to a ticket.
People from the school's domains in To or Cc are added as cc if the sender is authenticated.
correcting tickets filed under the wrong thread or school, and spam
bench: drain the notify socket so that daemons do not block on READY=1
The key has 2 to 12 capital letters or digits; so many connections that the server refuses more are an error.
The deputy stands in for a colleague who is away: who, when and why is in the audit trail.
Bring your own template. It is also used when the packaged one is newer; the wildcard stands for any name.
""".strip().splitlines()


def test_a_sentence_of_the_old_prose_is_refused(subtests: pytest.Subtests) -> None:
    for sentence in OLD:
        with subtests.test(sentence=sentence):
            assert list(problems(Path("README.md"), sentence))


def test_plain_sentences_are_accepted() -> None:
    assert list(problems(Path("README.md"), "\n".join(PLAIN))) == []


def test_prose_is_found_with_its_line(subtests: pytest.Subtests) -> None:
    for file, source in [
        ("mailbot/clock.py", '"""Read the\n    clock anew."""\n'),
        ("mailbot/clock.py", "# read\nx = 1  # anew\n"),
        ("mailbot/clock.py", 'x = (\n    f"read {x} anew"\n)\n'),
        ("README.md", "read the clock\nanew\n"),
        ("README.md", "run\n\n    make test\n\nand read the clock anew\n"),
        ("Makefile", "all:\n\tread  # anew\n"),
    ]:
        with subtests.test(file=file):
            line = source.partition("anew")[0].count("\n") + 1
            assert [(line, "anew")] == [problem[:2] for problem in problems(Path(file), source)]


def test_code_is_not_checked(subtests: pytest.Subtests) -> None:
    for file, source in [
        ("mailbot/clock.py", 'x = anew["anew"]\n'),
        ("tests/conftest.py", 'x = "a mail that is sent anew"\n'),
        ("README.md", "`anew`, [the page](docs/anew.md)\n\n    anew\n\n```\nanew\n```\n"),
        ("Makefile", "anew:\n\techo '#anew'\n"),
    ]:
        with subtests.test(file=file):
            assert list(problems(Path(file), source)) == []


LONG = " ".join(["word"] * 26)


def test_a_sentence_of_more_than_25_words_is_refused_with_its_line(subtests: pytest.Subtests) -> None:
    for file, source, line in [
        ("README.md", f"Short.\n\n{LONG}.\n", 3),
        ("README.md", f"Short. A\n{LONG}.\n", 1),
        ("README.md", f"- item\n- {LONG}\n", 2),
        ("README.md", f"`a b c` and [a page](docs/page.md) {LONG[:-5]}\n", 1),
        ("mailbot/clock.py", f'"""Short.\n\n{LONG}.\n"""\n', 3),
        ("mailbot/clock.py", f"x = 1\n# {LONG}\n", 2),
    ]:
        with subtests.test(file=file, source=source):
            assert [line] == [problem[0] for problem in problems(Path(file), source)]


def test_lists_tables_and_code_are_no_long_sentences(subtests: pytest.Subtests) -> None:
    half = LONG[: len(LONG) // 2 + 5]
    for file, source in [
        ("README.md", f"{half}: {half}; {half}\n"),
        ("README.md", f"- {half}\n- {half}\n\n{half}\n"),
        ("README.md", f"| {half} | {half} |\n| {half} | {half} |\n"),
        ("README.md", f"`{LONG}`\n\n```\n{LONG}\n```\n"),
        ("mailbot/clock.py", f'x = """\n{LONG}\n"""\ny = (\n    "{half}"\n    "{half}"\n)\n'),
        ("mailbot/clock.py", f"x = 1  # {half}\ny = 1  # {half}\n"),
    ]:
        with subtests.test(file=file, source=source):
            assert list(problems(Path(file), source)) == []


PROVERBS = [
    "a_mistake_is_told_with_its_key",
    "a_server_is_left_alone",
    "team_hears_of_a_flood",
    "filing_twice_does_no_harm",
    "mails_lie_in_a_folder",
    "a_clock_that_leaps_back_is_noticed",
    "a_file_is_not_for_everybodys_eyes",
    "reply_is_sent_whatever_the_introduction",
    "a_mail_that_is_sent_anew",
    "a_mail_that_was_handled_changes_nothing",
    "the_disk_is_not_looked_at",
    "spam_is_closed_in_silence",
]


def test_name_of_a_test_like_a_proverb_is_refused(subtests: pytest.Subtests) -> None:
    for name in PROVERBS:
        with subtests.test(name=name):
            source = f"x = 1\n\n\ndef test_{name}() -> None:\n    pass\n"
            assert {line for line, *_ in problems(Path("tests/unit/test_x.py"), source)} == {4}
            cases = f'CASES = [\n    pytest.param(1, id="{name.replace("_", " ")}"),\n]\n'
            assert {line for line, *_ in problems(Path("tests/unit/test_x.py"), cases)} == {2}


def test_plain_names_of_tests_and_other_names_are_accepted() -> None:
    source = """
def told(people: list[str]) -> None: ...
def test_mail_in_the_folder_is_reported(told: str) -> None: ...
pytest.param(1, id="server is down", told="it lies")
"""
    assert list(problems(Path("tests/unit/test_x.py"), source)) == []
