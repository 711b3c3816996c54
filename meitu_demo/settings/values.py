"""Reads values of every kind: numbers and switches here, what is text in `texts`."""

from .texts import TextReader


class EnvReader(TextReader):
    """Numbers and switches beside the texts."""

    def port(self, name: str, default: int) -> int:
        """A port to listen on; 0 is any that is free."""
        text = self.text(name, str(default))
        if not text.isdecimal() or not 0 <= int(text[:9]) <= 65535:
            self.errors.append(f"{name} must be a number from 0 to 65535")
            return default
        return int(text)

    def cap(self, name: str, default: int | None) -> int | None:
        """A number of calls; None for off."""
        text = self.text(name)
        if not text:
            return default
        if text.lower() == "off":
            return None
        if not text.isdecimal() or not 1 <= int(text[:9]) <= 1_000_000:
            self.errors.append(f"{name} must be a number of calls from 1 to 1000000, or off")
            return default
        return int(text)

    def count(self, name: str, default: int, *, maximum: int) -> int:
        """A whole number from 1 to `most`."""
        text = self.text(name, str(default))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= maximum:
            self.errors.append(f"{name} must be a number from 1 to {maximum}")
            return default
        return int(text)

    def rate(self, name: str, default: float | None) -> float | None:
        """Calls a second, from 0.01 to 1000; None for off."""
        text = self.text(name)
        if not text:
            return default
        if text.lower() == "off":
            return None
        try:
            rate = float(text)
        except ValueError:
            rate = -1.0
        if not 0.01 <= rate <= 1000:
            self.errors.append(f"{name} must be a number from 0.01 to 1000, or off")
            return default
        return rate

    def switch(self, name: str, default: bool) -> bool:
        """On or off."""
        text = self.text(name).lower()
        if text not in ("", "on", "off", "1", "0"):
            self.errors.append(f"{name} must be on or off")
        return text in ("on", "1") if text in ("on", "off", "1", "0") else default

    def minutes(self, name: str, default: int) -> int:
        """Whole minutes, up to a day."""
        text = self.text(name, str(default))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= 1440:
            self.errors.append(f"{name} must be a number of minutes from 1 to 1440")
            return default
        return int(text)

    def seconds(self, name: str, default: float) -> float:
        """Seconds above 0, up to 600."""
        text = self.text(name, str(default))
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds <= 600:
            self.errors.append(f"{name} must be a number of seconds above 0, at most 600")
            return default
        return seconds
