"""Draws the face-fuse templates of ``assets/templates``: ``python -m tools.draw [id …]``. Nothing at run time needs it."""
