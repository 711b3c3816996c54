"""The command ``python -m meitu_demo.evaluate``: an evaluation that writes a folder and can be resumed. No page."""
