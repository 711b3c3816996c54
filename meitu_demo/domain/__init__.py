"""What every layer may know: endpoints, calls, errors, billing, texts."""
