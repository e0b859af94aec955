"""A help desk for schools that needs nothing but e-mail."""

__version__ = "0.2.0"
