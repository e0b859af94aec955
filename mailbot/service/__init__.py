"""The entry points of the desk: incoming and outgoing mail, timers, commands of operators."""
