"""The history of a session: what it has run, in words, as a list, side by side, and as one file to take along."""
