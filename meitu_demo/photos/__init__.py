"""A photo's way from untrusted bytes to pixels and back."""
