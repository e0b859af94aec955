"""Tests of the pure core, of parsing and of rendering. They need no server and no database."""
