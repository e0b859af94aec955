"""Profiles of Hypothesis for all tests, and the directory of their files."""

import os

from hypothesis import HealthCheck, settings

from tests.support.memory import in_memory

pytest_plugins = ["tests.support.require_all", "tests.support.failed_subtests"]

# A commit waits for the disk, often for longer than its test takes otherwise.
MEMORY = in_memory(4 * 2**30)
if MEMORY is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# No deadline and no health check of speed: a busy machine must not fail a test.
settings.register_profile(
    "quick",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=30,
    stateful_step_count=15,
)
settings.register_profile(
    "thorough", settings.get_profile("quick"), max_examples=1000, stateful_step_count=50
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
