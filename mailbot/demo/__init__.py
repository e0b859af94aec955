"""Run the demonstration: a day at the help desk with real mails, IMAP and SMTP on loopback."""
