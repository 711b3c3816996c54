"""Pixels: the codec, faces, warps, blends, colour and mattes.

Said once, true everywhere below: an image is an RGB ``uint8`` array of shape (height, width, 3); a point is a float
(x, y), x to the right, y down, in pixels of that image, pixel centres at integers; angles are degrees.
Imports only `errors`, `spec` and numeric libraries. Mediapipe has one door: `faces`.
"""
