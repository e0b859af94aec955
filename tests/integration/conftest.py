"""Load the fixtures with a server or a database. `tests/unit` does without them and starts sooner."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("tests.support.fixtures")
