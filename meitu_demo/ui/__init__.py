"""The screens: Gradio, its theme, and the web app around it. The only door to gradio and fastapi."""
