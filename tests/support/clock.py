"""A clock that stands still until a test moves it."""


class ManualClock:
    """Seconds in `now`, moved by hand. It can be called as a clock, and can stand in for the module `time`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    monotonic = __call__
