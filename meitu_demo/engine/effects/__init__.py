"""The offline engine's effects: pure functions from RGB arrays and faces to RGB arrays."""
