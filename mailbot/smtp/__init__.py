"""SMTP: the client, and what replies of servers mean."""
