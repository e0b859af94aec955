"""Tests of one part on a real database or a real server, in the process of the tests."""
