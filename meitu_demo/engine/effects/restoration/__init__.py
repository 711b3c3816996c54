"""The steps of quality restoration: one flaw measured, or one repair made, per file. Only `effects.restore` imports us.

`noise`, `jpeg`, `blur` and `light` measure a flaw; the last two also mend theirs. `denoise` removes noise and JPEG
artefacts from a plane, `chroma` from the two colour planes; `enlarge` doubles small photos; `portrait` looks after eyes
and skin. `blocks` and `planes` are what they all stand on. Planes are float32 (h, w) in units of eight-bit pixels.
"""
