"""The Recipe tab's parts: the list of steps, its wiring, the run of all of them, and what is shown of that."""
