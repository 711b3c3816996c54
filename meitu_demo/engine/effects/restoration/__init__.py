"""The steps of quality restoration, which `effects.restore` combines.

    jpeg_trace  detects a JPEG's quantisation      denoise   noise and JPEG artefacts, in luma and chroma
    deblur      measures and undoes blur           exposure  underexposure and haze
    portrait    eyes, lips and hair line           planes    colour planes, DCT blocks, enlargement

Planes are float32 (h, w) with luma 0..255 and chroma −128..128.
"""
