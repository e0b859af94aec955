"""Nothing lost and nothing twice, whenever the process is killed. KILLS, MAILS and SEED make it longer."""

import os
from pathlib import Path

from tests.flood import audit, flood
from tests.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer
from tests.torture import torture

KILLS = int(os.environ.get("KILLS", "4"))
MAILS = int(os.environ.get("MAILS", "80"))
SEED = int(os.environ.get("SEED", "1"))


def test_kills_at_random_moments_lose_nothing_and_double_nothing(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> None:
    house = House(tmp_path, dovecot, smtp_server, user)
    wave = flood(MAILS, SEED)
    torture(house, wave, KILLS, SEED)
    found = audit(house, wave, KILLS)
    print(found)
    assert found.broken == ()
