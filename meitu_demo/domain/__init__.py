"""Types and rules that every layer uses: endpoints, calls, errors, billing, texts."""
