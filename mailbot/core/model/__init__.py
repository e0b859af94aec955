"""Values: mails, tickets, people, and what is known and decided of them."""
