"""Nothing lost and nothing twice, whenever the process is killed. KILLS, MAILS and SEED make it longer."""

import os
from pathlib import Path

import pytest

from tests.flood import audit, flood
from tests.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer
from tests.torture import torture

KILLS = int(os.environ.get("KILLS", "3"))
MAILS = int(os.environ.get("MAILS", "50"))
SEED = int(os.environ.get("SEED", "1"))


@pytest.fixture(params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> House:
    """A school on each of the databases."""
    database = "sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return House(tmp_path, dovecot, smtp_server, user, database=database)


def test_kills_at_random_moments_lose_nothing_and_double_nothing(house: House) -> None:
    wave = flood(MAILS, SEED)
    torture(house, wave, KILLS, SEED)
    found = audit(house, wave, KILLS)
    print(found)
    assert found.broken == ()
