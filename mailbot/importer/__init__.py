"""Tickets of another help desk."""
