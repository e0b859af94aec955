"""A pytest plug-in: report only the subtests that fail.

The report of a subtest that passed says nothing, and costs a test process and its controller a millisecond.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class FailedSubtests:
    """Has the method of `pytest.Subtests`."""

    def __init__(self, subtests: pytest.Subtests) -> None:
        self._subtests = subtests

    @contextmanager
    def test(self, msg: str | None = None, **values: object) -> Iterator[None]:
        """Give an exception, a skip included, to pytest as that of the subtest with these values."""
        try:
            yield
        except BaseException:
            with self._subtests.test(msg, **values):
                raise


@pytest.fixture
def subtests(subtests: pytest.Subtests) -> FailedSubtests:
    """Return what tests call for each row of a table."""
    return FailedSubtests(subtests)
