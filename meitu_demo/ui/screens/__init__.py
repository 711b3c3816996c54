"""Screens beside the panels: failure lab, verify, own keys, deletion."""
