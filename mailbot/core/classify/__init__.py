"""Classification of mails: human or automatic, authenticated or not."""
