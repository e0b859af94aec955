"""Tests of mailbot; `tests.support.servers` is also used by what measures and torments it."""
