"""The app in a real browser: Debian's Chromium with a fake camera. One xdist worker runs all of it."""
