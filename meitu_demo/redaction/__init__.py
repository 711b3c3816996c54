"""Redaction: keeps secrets (API keys, passwords) out of every text that leaves the process."""
