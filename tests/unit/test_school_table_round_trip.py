"""A table that was exported describes the same schools."""

import tomllib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.school_table import export_table
from mailbot.school_table.members import format_members, members_of
from tests.support.any_text import any_text
from tests.support.school_tables import MAIN, planned


def test_members_are_split_where_an_address_ends(subtests: pytest.Subtests) -> None:
    for cell, expected in {
        "a@b.example,c@d.example , ": ["a@b.example", "c@d.example"],
        "Muster, Erik <e@f.example>, Meier, Ida <i@f.example>": [
            "Muster, Erik <e@f.example>",
            "Meier, Ida <i@f.example>",
        ],
        '"Muster; Erik, x@y" <e@f.example>;a@b.example': ["Muster; Erik, x@y <e@f.example>", "a@b.example"],
        'Ida "Idi" M <i@f.example>, Max "M <m@f.example>, a@b.example': [
            'Ida "Idi" M <i@f.example>',
            'Max "M <m@f.example>',
            "a@b.example",
        ],
        "A@b.example; a@B.example": ["A@b.example"],
        "Otto": ["Otto"],
    }.items():
        with subtests.test(cell=cell):
            assert members_of(cell, None) == expected


_texts = (
    st.lists(any_text(1, 1, without='"', categories="CZ") | st.just(" "), min_size=1)
    .map("".join)
    .filter(str.strip)
)
_names = st.sampled_from(["ada", "bo", "cem", "dora"])
_member = st.one_of(
    _names.map(lambda name: f"{name}@support.example"),
    st.tuples(_texts, _names).map(lambda pair: f"{pair[0]} <{pair[1]}@support.example>"),
    st.tuples(_texts, _names).map(
        lambda pair: {"address": f"{pair[1]}@support.example", "name": pair[0], "aliases": ["x@y.example"]}
    ),
)


@given(st.lists(_member, min_size=1))
def test_members_of_an_exported_cell_are_the_members_that_were_there(members: list[object]) -> None:
    cell = format_members(members)
    once = members_of(cell, members)
    assert members_of(format_members(once), once) == once


def _toml(value: object) -> str:
    import tomlkit

    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return (
        "[" + ", ".join(map(_toml, value)) + "]"
        if isinstance(value, list)
        else tomlkit.item(value).as_string()
    )


@given(
    names=st.lists(_texts, min_size=1, max_size=3),
    done=_texts | st.just(""),
    members=st.lists(_member, min_size=1, max_size=3, unique_by=str),
    domains=st.lists(st.sampled_from(["a.example", "straße.example"]), max_size=2),
)
def test_the_import_of_an_export_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    done: str,
    members: list[object],
    domains: list[str],
) -> None:
    main = tmp_path_factory.mktemp("round") / "mailbot.toml"
    head = MAIN.partition("[[school]]")[0] + '[second_level]\nname = "S"\nmembers = ["t@stadt.example"]\n'
    schools = [
        {
            "key": f"S{number}",
            "name": name,
            "address": f"s{number}@schule.example",
            "domains": domains,
            "imap": {"username": f"{number}", "password_env": "RGS", "done": done, "port": 143 + number},
            "team": {"name": name, "members": [members[0]], "hours": {"sat": "", "closed": ["2026-12-24"]}},
        }
        for number, name in enumerate(names)
    ]
    main.write_text(
        head
        + "".join("[[school]]\n" + "".join(f"{k} = {_toml(v)}\n" for k, v in s.items()) for s in schools),
        "utf-8",
    )
    table = export_table(main)
    plan = planned(main, table)
    assert (plan.files, plan.added) == ((), ())
    empty = main.with_name("empty.toml")
    empty.write_text(head, "utf-8")
    (file,) = planned(empty, table).files
    after = tomllib.loads(file.after.decode())["school"]
    assert [{k: v for k, v in s.items() if k not in ("team", "smtp")} for s in after] == [
        {k: v for k, v in _stripped(s).items() if k != "team"} for s in schools
    ]


def _stripped(school: Mapping[str, object]) -> dict[str, object]:
    return {
        key: value.strip()
        if isinstance(value, str)
        else _stripped(value)
        if isinstance(value, dict)
        else value
        for key, value in school.items()
    }
