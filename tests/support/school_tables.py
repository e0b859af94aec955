"""A configuration with two schools, and tables that change it."""

from pathlib import Path

from mailbot.school_table import ImportPlan, plan_import

MAIN = """\
# Support of the town
include = "schools.d/*.toml"

[bot]
name = "Support"
state_dir = "state"
[smtp]
host = "mail.example"   # submission
[imap]
host = "mail.example"

[[school]]              # the first one
key = "RGS"
name = "Realschule"     # since 1905
address = "rgs@schule.example"
imap = { username = "rgs", password_env = "RGS" }   # login
smtp.username = "rgs"
smtp.password_env = "RGS"
[school.team]
name = "Team Realschule"
members = [
    "ada@support.example",                      # until summer
    { address = "bo@support.example", name = "Bo", aliases = ["bo@privat.example"] },
    # the deputy
    "Cem Demir <cem@support.example>",
]

# second level
[second_level]
name = "Second"
members = ["t@stadt.example"]

[[school]]
key = "OHG"
name = "Otto-Hahn"
address = "ohg@schule.example"
imap = { username = "ohg", password_env = "RGS", done = "" }
smtp = { username = "relay", password_env = "RGS" }
team = { name = "Team OHG", members = ["ada@support.example"] }
# the end
"""
ENVIRON = {"RGS": "secret"}
TABLE = Path("t.csv")


def planned(main: Path, table: str | bytes) -> ImportPlan:
    return plan_import(main, TABLE, table.encode() if isinstance(table, str) else table, ENVIRON)
