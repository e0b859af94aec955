"""Values of the core: mails, tickets, people, facts, decisions and notifications."""
