"""The monthly report: its figures, and how they are counted."""
