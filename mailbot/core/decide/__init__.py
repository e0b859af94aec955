"""Decisions: what mailbot does about an incoming mail."""
