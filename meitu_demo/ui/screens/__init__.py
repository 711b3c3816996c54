"""The screens other than panels: recipe, history, mirror, developer tools, keys, kiosk mode, data deletion."""
