"""What tests and benchmarks have in common: builders, harnesses, checks, and real servers on loopback."""
