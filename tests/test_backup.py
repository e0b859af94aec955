"""The whole state goes into one file and comes back from it, on both databases."""

import threading
from pathlib import Path

import pytest

from tests.house import ERIKA, LENA, MAX, House, problem
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer


@pytest.fixture(params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> House:
    """A school whose desk keeps its state in each of the databases."""
    database = "sqlite"
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres_url")
    return House(tmp_path, dovecot, smtp_server, user, database=database)


def test_what_happened_after_a_backup_is_handled_again_without_doubling_what_is_known(house: House) -> None:
    house.deliver(problem("Beamer").text("dunkel"))
    house.once()
    file = house.directory / "backup"
    house.call("backup", str(file))
    house.deliver(problem("Drucker").text("leer"))
    house.once()
    house.call("restore", str(file))
    assert [t["subject"] for t in house.json("tickets")] == ["Beamer"]
    house.deliver(house.letters(LENA)[0].answer(LENA, "Es eilt."))
    house.once()
    assert [m["text"] for m in house.ticket()["messages"]] == ["dunkel", "Es eilt."]


def test_a_backup_is_consistent_while_mails_are_handled(house: House) -> None:
    house.deliver(*(problem(f"Problem {n}", f"lena{n}@schule.example").text("kaputt") for n in range(30)))
    worker = threading.Thread(target=house.once)
    worker.start()
    file = house.directory / "backup"
    house.call("backup", str(file))
    worker.join()
    house.call("restore", str(file))
    tickets = house.json("tickets")
    shown = [house.ticket(ticket["ticket"]) for ticket in tickets]
    assert all([m["text"] for m in ticket["messages"]] == ["kaputt"] for ticket in shown)
    assert sorted(int(t["ticket"].removeprefix("GYM-")) for t in tickets) == list(range(1, len(tickets) + 1))


def test_a_backup_is_readable_by_its_owner_only_and_never_overwrites(house: House) -> None:
    file = house.directory / "backup"
    house.call("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    house.call("backup", str(file), status=1)


def test_a_file_that_is_no_backup_is_refused_and_the_state_stays(house: House) -> None:
    house.deliver(problem().text("dunkel"))
    house.once()
    file = house.directory / "no-backup"
    file.write_text("nothing")
    house.call("restore", str(file), status=1)
    assert len(house.json("tickets")) == 1
    assert {r.recipients[0] for r in house.smtp.received} == {LENA, MAX, ERIKA}


def test_a_folder_that_cannot_be_locked_is_told_without_a_traceback(house: House) -> None:
    house.json("status")
    (house.directory / "state" / "lock").mkdir()
    with pytest.raises(AssertionError, match="lock: Is a directory; use the user to whom") as failed:
        house.call("once")
    assert "Traceback" not in str(failed.value)
