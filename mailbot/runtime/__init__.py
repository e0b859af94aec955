"""Run the application: mailbox workers, SMTP senders and periodic jobs."""
