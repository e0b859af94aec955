"""Whether a human wrote a mail, and who."""
