"""The screens other than panels: recipe, history, mirror, failure lab, verify, keys, kiosk mode, data deletion."""
