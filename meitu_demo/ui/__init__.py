"""The Gradio page with its screens, and the web app around it. Only this package imports gradio and fastapi."""
