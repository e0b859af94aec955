"""Timers: reminders, automatic escalation, digests, invitations and retries."""
