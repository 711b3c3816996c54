"""Surfaces as Mitsuba material descriptions. Colours are linear RGB unless made with `srgb`."""

import numpy as np


def srgb(code: str) -> list[float]:
    """'#rrggbb' to linear RGB."""
    c = np.array([int(code[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).tolist()


def _rgb(colour) -> dict:
    return {"type": "rgb", "value": srgb(colour) if isinstance(colour, str) else list(map(float, colour))}


def picture(array: np.ndarray, raw: bool = True) -> dict:
    """A texture from a (h, w) or (h, w, 3) linear array over uv 0..1, repeated outside."""
    import mitsuba as mi

    array = array if array.ndim == 3 else array[..., None]
    return {"type": "bitmap", "bitmap": mi.Bitmap(np.ascontiguousarray(array, np.float32)), "raw": raw}


def vertex_colour() -> dict:
    return {"type": "mesh_attribute", "name": "vertex_color"}


def surface(colour, roughness=0.6, metallic=0.0, sheen=0.0, coat=0.0, coat_gloss=0.9, specular=0.5, bump=None) -> dict:
    """Disney's principled material; `colour` a code, a linear triple or a texture; `bump` a height texture in cm."""
    base = colour if isinstance(colour, dict) else _rgb(colour)
    body = {
        "type": "principled",
        "base_color": base,
        "roughness": roughness,
        "metallic": metallic,
        "specular": specular,
        "sheen": sheen,
        "sheen_tint": 0.5,
        "clearcoat": coat,
        "clearcoat_gloss": coat_gloss,
    }
    if bump is not None:
        body = {"type": "bumpmap", "arbitrary": bump, "scale": 1.0, "bsdf": body}
    return {"type": "twosided", "bsdf": body}


def skin(colour="#d9a98c") -> dict:
    return surface(colour, roughness=0.48, specular=0.35, sheen=0.25)


def metal(colour, roughness=0.2, bump=None) -> dict:
    return surface(colour, roughness=roughness, metallic=1.0, bump=bump)


def conductor(name: str, roughness: float) -> dict:
    """A measured metal ('Au', 'Cu', 'Ag', 'Al', 'Cr')."""
    return {"type": "twosided", "bsdf": {"type": "roughconductor", "material": name, "alpha": roughness}}


def matt(colour) -> dict:
    return {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": _rgb(colour)}}


def strand(colour, shine=0.35, roughness=0.35) -> dict:
    """Fur or hair as opaque fibres: colour with a soft gloss. Far cheaper than a scattering hair model."""
    return surface(colour, roughness=roughness, specular=shine, sheen=0.3)
