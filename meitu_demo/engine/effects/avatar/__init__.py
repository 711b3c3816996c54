"""Anime avatar: the photo's people in flat tones, drawn by a small network, with eyes and outlines drawn over it.

head            crops the photo to the heads, enlarges eyes
matte           which pixels are drawn: people without strangers, or the whole scene
skin            the tones of skin
glasses         frames and lenses
flatten         skin, hair and clothes as flat tones: what the network sees
line_art        eyes, nose, mouth and outlines
watercolour     the look of version 2.0.0
draw            corrects the light and calls these in turn
"""
