"""Keeps secrets out of text, logs, stdout and stderr."""
