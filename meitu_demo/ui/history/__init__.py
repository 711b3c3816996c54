"""The history of a session: its runs as a list, one by one, two side by side, and as a ZIP file."""
