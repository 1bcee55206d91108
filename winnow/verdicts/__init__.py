"""What people said: the append-only log of verdicts and what is derived from it. All SQL lives here."""
