"""Analysis of mail texts: quotations, signatures, greetings, thanks."""
