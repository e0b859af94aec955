"""Scheduling of mailboxes and workers."""
