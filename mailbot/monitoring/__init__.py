"""Monitor the desk: health rules, status, Nagios plug-in."""
