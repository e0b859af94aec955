"""What people write: quotations, signatures, greetings, thanks."""
