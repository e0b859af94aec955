"""Tests of mailbot; `tests.servers` is also used by what measures and torments it."""
