"""Screens beside the panels: failure lab, verify, history, own keys, deletion."""
