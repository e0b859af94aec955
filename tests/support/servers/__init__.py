"""Real servers for tests and benchmarks: on loopback, unprivileged, in temporary directories.

with Authority() as authority, Dovecot(authority) as dovecot, SmtpServer(authority) as smtp:
    dovecot.deliver("support-gym@schule.example", bytes)
"""
