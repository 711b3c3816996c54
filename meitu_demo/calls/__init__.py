"""One call to a vendor and back."""
