"""Tests of mailbot; benchmarks use `tests.support`, too."""
