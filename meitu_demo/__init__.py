"""Portrait-photo APIs to click through: four cloud endpoints, live with keys and offline without."""
