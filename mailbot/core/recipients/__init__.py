"""Who is notified of a change."""
