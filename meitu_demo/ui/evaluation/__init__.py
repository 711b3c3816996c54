"""What a person sees of an evaluation: report, pictures, downloads. The screen is `ui.screens.evaluation`."""
