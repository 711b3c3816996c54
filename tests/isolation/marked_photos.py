"""Photos with a visitor's number in their pixels, which no effect wipes out; the number is read from results."""

from meitu_demo.domain.model import Image
from meitu_demo.photos import codec

BITS, BLOCK = 8, 20  # blocks along the upper edge, black or white, of so many px
DARK, LIGHT = 40, 215
WIDTH = 200  # px of the photos, unless said otherwise


def marked(face: Image, number: int) -> bytes:
    """`face` with `number` along its upper edge, and its complement below that, so that no number is read by chance."""
    pixels = face.copy()
    for row, told in enumerate((number, ~number)):
        for bit in range(BITS):
            level = LIGHT if told >> bit & 1 else DARK
            pixels[row * BLOCK : (row + 1) * BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = level
    return codec.encode(pixels)


def mark_in(picture: bytes, width: int) -> int | None:
    """Whose picture it is, made of a photo so wide; None if it says nothing that could be."""
    pixels = codec.decode(picture).mean(axis=2)
    block = BLOCK * pixels.shape[1] / width

    def read(row: int) -> int:
        centres = [pixels[int((row + 0.5) * block), int((bit + 0.5) * block)] > 128 for bit in range(BITS)]
        return sum(light << bit for bit, light in enumerate(centres))

    number = read(0)
    return number if read(1) == number ^ (1 << BITS) - 1 else None
