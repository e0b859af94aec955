"""The pure core: understanding, matching and deciding, without I/O, clock or database."""
