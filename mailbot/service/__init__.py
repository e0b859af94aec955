"""The doors of the desk: a mail comes in, a letter goes out, an operator asks."""
