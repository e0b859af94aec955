"""Load the fixture that writes a configuration for several modules."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("tests.support.config_files")
