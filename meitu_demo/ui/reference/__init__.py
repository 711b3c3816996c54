"""The page at /reference: endpoints, limits, shapes, codes."""
