"""Send mail to SMTP servers and interpret their replies."""
