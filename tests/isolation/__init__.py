"""Nobody gets anything of anybody else, and nothing stays: the running app under many visitors at once."""
