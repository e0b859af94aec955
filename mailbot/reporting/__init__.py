"""Calculate the monthly report."""
