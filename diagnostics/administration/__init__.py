"""Who may sign in, who is called, what things cost, and who has read what."""
