"""Personal data: find it, give it out, erase it."""
