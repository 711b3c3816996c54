"""Load from many visitors, with figures: ``make load``."""
