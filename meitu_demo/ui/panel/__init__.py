"""A panel, built from an endpoint's declaration: photo, preflight, choice, button."""
