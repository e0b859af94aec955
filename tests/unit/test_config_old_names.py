"""Keys with the names of earlier releases work, with a warning."""

# ruff: noqa: E501 - the table of mistakes has one line for each

import pytest

from mailbot.config import load
from tests.support.config_files import ENVIRON, Write, problems

MEMBER = '{ address = "m@support.example", also = ["m@x.example"] }'
TECHNICIAN = '{ address = "technik@stadt.example", also = ["t@x.example"] }'


def test_old_names_of_keys_work_and_warnings_give_the_new_ones(write_config: Write) -> None:
    changes = (
        ("[imap]", "[guard]\nmailbox_minutes = 7\n[imap]"),
        ('"m@support.example"', MEMBER),
        ('"technik@stadt.example"', TECHNICIAN),
    )
    settings = load(write_config(*changes), ENVIRON)
    assert settings.health.mailbox_minutes == 7
    assert settings.policy.schools[0].team.members[0].aliases == ("m@x.example",)
    assert settings.policy.second_level.members[0].aliases == ("t@x.example",)
    assert settings.renamed_keys == (
        "[guard] is now [health]; rename it",
        "[[school]] GYM: team.members[1].also is now aliases; rename it",
        "[second_level] members[1].also is now aliases; rename it",
    )


def test_file_with_both_names_of_a_key_is_refused(write_config: Write) -> None:
    both = MEMBER.replace(" }", ', aliases = ["m@y.example"] }')
    path = write_config(("[imap]", "[guard]\n[health]\n[imap]"), ('"m@support.example"', both))
    assert problems(path) == [
        "[guard]: is the old name of [health], which is set too; remove the old one",
        "[[school]] GYM: team.members[1].also: is the old name of aliases, which is set too; remove the old one",
    ]


RENAMED = [
    ((("[bot]", "guard = 5\n[bot]"),), "health = 5: must be a table"),
    (
        (("[imap]", "[guard]\nmailbox_minutes = 9999\n[imap]"),),
        "[health] mailbox_minutes = 9999: must be at most 1440",
    ),
    (
        (('"m@support.example"', MEMBER.replace('["m@x.example"]', "7")),),
        "[[school]] GYM: team.members[1].aliases = 7",
    ),
]


def test_mistake_under_an_old_name_is_reported_under_the_new_one(
    subtests: pytest.Subtests, write_config: Write
) -> None:
    for changes, expected in RENAMED:
        with subtests.test(changes=changes):
            (line,) = problems(write_config(*changes))
            assert line.startswith(expected)
