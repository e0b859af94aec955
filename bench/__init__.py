"""Measurements and endurance on the servers of the tests."""
