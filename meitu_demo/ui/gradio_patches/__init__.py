"""Everything that reaches into Gradio beyond its public API."""
