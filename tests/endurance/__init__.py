"""Tests that kill the program and break its surroundings for a while; `bench/` runs the same for longer."""
