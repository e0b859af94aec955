"""What happens to tickets and people as time passes."""
