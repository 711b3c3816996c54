"""Image processing: faces, warps, blends, colour, segmentation.

Conventions: an image is an RGB ``uint8`` array (height, width, 3). A point is a float (x, y) in pixels, x to the right,
y down, pixel centres at integers. Angles are degrees. Only `mediapipe_loader` imports mediapipe.
"""
