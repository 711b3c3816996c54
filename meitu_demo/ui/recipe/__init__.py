"""The parts of the Recipe tab: the editor of the steps, the run of a recipe, its state and its views."""
