"""Draws the face-fuse templates of ``assets/templates``: ``python -m tools.draw [id …]``.

A template is a small scene of meshes and fibres in centimetres, path-traced with Mitsuba 3, then painted over and cut
into layers. Nothing at run time imports this package.
"""
