"""What all tests share."""

pytest_plugins = ["tests.require_all"]
