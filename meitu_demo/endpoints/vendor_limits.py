"""What pictures each vendor takes, from the "image requirements" of its pages."""

from ..domain.model import ImageLimits

MEITU = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2 * 1024 * 1024)
AILAB = ImageLimits(  # "larger than 10×10, smaller than 2000×2000"
    min_side_px=11, max_side_px=1999, max_bytes=3 * 1024 * 1024, media_types=("image/jpeg", "image/png", "image/bmp")
)
