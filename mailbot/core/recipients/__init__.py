"""Who is notified of a change of a ticket, and what the notification contains."""
