"""Tests of the whole program as operators run it: processes, servers, signals, files."""
