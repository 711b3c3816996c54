"""Malformed and hostile picture files for tests of every entry point."""
