"""One file per template; each has ``build() -> (Stage, backdrop, Look)``."""
