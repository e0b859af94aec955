"""The pure core: classify, match and decide, without I/O, clock or database."""
