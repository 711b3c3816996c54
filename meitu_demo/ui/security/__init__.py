"""Protects the app: headers, origin check, login and its throttle, upload validation, session data, health checks."""
