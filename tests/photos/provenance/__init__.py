"""Marks in files: put there, found again, and read by a program that is not ours."""
