"""Commands: definitions, syntax, parsing and execution."""
