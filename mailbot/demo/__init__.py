"""The demonstration: a day at the help desk, with real mails over real sockets, on this machine alone."""
