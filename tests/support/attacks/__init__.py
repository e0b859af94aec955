"""The table of attacks: mails to a desk with one ticket, hostile content, and files.

A name begins with the number of the attack that succeeded once. Attacks that are no mail, and those of which
a terminal or a server must see nothing, have tests of their own.
"""

from tests.support.attacks.content import CONTENT
from tests.support.attacks.files import FILES
from tests.support.attacks.identity import IDENTITY

__all__ = ["CONTENT", "ELSEWHERE", "FILES", "IDENTITY", "NAMES"]

ELSEWHERE = {
    "P-tickets": "tests/integration/test_terminal.py::test_controls_and_direction_marks_are_not_printed",
    "P-show-GYM-1": "tests/integration/test_terminal.py::test_everything_is_printed_by_these_functions",
    "M05": "tests/integration/test_smtp_outcomes.py::test_every_reply_and_every_missing_reply_has_its_outcome",
    "M09": "tests/integration/test_terminal.py::test_no_reply_shows_the_password_in_any_encoding",
}
NAMES = (
    *(attack.name for attack in IDENTITY),
    *(attack.name for attack in CONTENT),
    *(row[0] for row in FILES),
)
