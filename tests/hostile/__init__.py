"""Odd and hostile picture files, made by hand: what the tests of every door share."""
