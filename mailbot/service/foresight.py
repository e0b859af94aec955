"""What would become of a mail, decided on the desk as it stands; nothing is written."""

from dataclasses import replace
from datetime import UTC, datetime

from mailbot.core.classify import classify
from mailbot.core.commands import read
from mailbot.core.decide import decide
from mailbot.core.effects import Decision
from mailbot.core.facts import interests
from mailbot.core.mail import Mail
from mailbot.core.policy import School
from mailbot.core.reference import without_action_key
from mailbot.service.desk import Desk
from mailbot.store.database import transaction
from mailbot.store.facts import gather


def foresee(desk: Desk, mail: Mail) -> Decision:
    """Decide on a mail as if it came now to the support address that it names, or to the first school's."""
    now = datetime.now(UTC)
    school = addressed(desk, mail)
    wanted = interests(mail, read(without_action_key(mail.text), mail.subject), school, desk.policy)
    with transaction(desk.engine) as session:
        facts = gather(session, mail, wanted, school, desk.policy, "", now)
        facts = replace(facts, dates=desk.days(wanted.dates, now))
        session.rollback()
    return decide(mail, classify(mail, desk.policy.own_addresses), facts, desk.policy, now)


def addressed(desk: Desk, mail: Mail) -> School:
    """Return the school whose support address the mail bears."""
    named = {address.email for address in (*mail.to, *mail.cc)}
    return next((s for s in desk.policy.schools if s.address in named), desk.policy.schools[0])
