"""Panels, built from the endpoints' declarations: photo, preflight checklist, controls, buttons, contact sheets."""
