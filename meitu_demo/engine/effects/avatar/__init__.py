"""Anime avatar: the photo's people in flat tones, drawn by a small network, with eyes and outlines drawn over it.

head            crops the photo to the heads, enlarges eyes
matte           which pixels are drawn: people without strangers, or the whole scene
glasses         frames and lenses
mouth           lips and teeth
flatten         even skin, brows, hair and clothes in flat tones: what the network sees
line_art        eyes, the open mouth's line, thin glasses, the silhouette
watercolour     the look of version 2.0.0
draw            corrects the light and calls these in turn
"""
