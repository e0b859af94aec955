"""Whether the desk works: health rules, status, Nagios line."""
