"""The offline engine: what it does instead of a vendor."""
