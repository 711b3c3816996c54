"""Runs a panel's call, renders its result, and serves its pictures and downloads."""
