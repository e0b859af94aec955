"""A mail with hostile content becomes a ticket, and our mails stay harmless."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.store.tables import OutboxRow
from tests.support.attacks import CONTENT
from tests.support.attacks.content import Hostile
from tests.support.attacks.desk import Scene, prepared, scene
from tests.support.mail_exchange import sent
from tests.support.message_lint import lint


@pytest.fixture(scope="module")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database in which Lena's ticket is there."""
    made = tmp_path_factory.mktemp("hostile") / "prepared.db"
    prepared(made)
    return made


def wrongs(at: Scene, hostile: Hostile) -> Iterator[str]:
    """Yield the faults of the mails that a hostile mail caused."""
    for due, raw in sent(at.harness, at.now):
        yield from (f"{due.outgoing.kind}: {fault}" for fault in lint(raw, due.outgoing.recipient.email))
    for row in at.harness.rows(OutboxRow):
        if hostile.never in row.html:
            yield f"{row.kind} holds {hostile.never!r}"


def test_hostile_mail_has_only_the_expected_effects(
    subtests: pytest.Subtests, prepared_file: Path, tmp_path: Path
) -> None:
    for hostile in CONTENT:
        with subtests.test(hostile.name), scene(prepared_file, tmp_path) as at:
            outcome = at.harness.outcome(hostile.mail())
            assert outcome in ("opened", "reply", "answered", "refused", "ignored"), hostile.tries
            assert list(wrongs(at, hostile)) == [], hostile.tries
