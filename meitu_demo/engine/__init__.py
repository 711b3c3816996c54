"""The offline engine: computes on this machine what a vendor's API would return."""
