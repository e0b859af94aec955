"""A pytest plug-in: with MAILBOT_TEST_REQUIRE_ALL=1 nothing is skipped."""

import os
from collections.abc import Generator

import pytest

NOTHING_SKIPPED = os.environ.get("MAILBOT_TEST_REQUIRE_ALL") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a skipped test a failed one where everything that tests need has to be there."""
    report = yield
    if NOTHING_SKIPPED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"
    return report
