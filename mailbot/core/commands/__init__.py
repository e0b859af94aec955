"""Commands: their definitions, their syntax, and what they do."""
