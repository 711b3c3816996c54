"""Measures quality restoration on real photos degraded in known ways.

The originals, scikit-image's photos, are known. The restoration is blind; the baselines know the degradation's strength
and use their best setting for each row. Writes the table and a contact sheet to `build/quality/`.
"""

from collections.abc import Callable, Iterator
from functools import reduce

import cv2
import numpy as np
from skimage import data
from skimage.metrics import structural_similarity

from meitu_demo.domain.model import Image
from meitu_demo.engine.effects.restore import restore
from meitu_demo.engine.imaging.blend import build_outline_mask
from meitu_demo.engine.imaging.faces import Face, find_faces

from . import OUTPUT

MIN_CLEAN_PSNR_DB = 48.0  # of a restored photo that had no flaw
MAX_LOSS_DB = 0.1  # of any degraded photo
MIN_DARK_FACE_GAIN_DB = 8.0
MAX_DARK_FACE_LUMA, DARK_FACE_GAMMAS = 100.0, (2.2, 3.0)
SHEET_CELL_PX = 320
MAX_CLIPPED_SHARE = 0.002  # of a dark photo's values, which may become white

Degradation = Callable[[Image], Image]
Baseline = Callable[[Image, float], Image]


def load_photos() -> dict[str, Image]:
    """Photos of scikit-image: a portrait, fur, a still life, dusk, clutter, and a grey one."""
    return {
        "astronaut": data.astronaut(),
        "chelsea": data.chelsea(),
        "coffee": data.coffee(),
        "rocket": data.rocket(),
        "motorcycle": data.stereo_motorcycle()[0],
        "camera": np.dstack([data.camera()] * 3),
    }


def make_noise(sigma: float) -> Degradation:
    def add(image: Image) -> Image:
        grain = np.random.default_rng(0).normal(0, sigma, image.shape)
        return np.clip(np.rint(image + grain), 0, 255).astype(np.uint8)

    return add


def add_camera_noise(image: Image) -> Image:
    """Noise of 10 levels in each channel, softened as processing in a camera softens it."""
    grain = np.random.default_rng(0).normal(0, 1, image.shape).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.6)
    return np.clip(np.rint(image + grain * (10 / grain.std())), 0, 255).astype(np.uint8)


def add_sensor_noise(image: Image) -> Image:
    """Noise of 10 levels on a Bayer sensor's pixels, then bilinear demosaicing."""
    raw = image[..., 1].astype(np.float64)
    raw[::2, ::2], raw[1::2, 1::2] = image[::2, ::2, 0], image[1::2, 1::2, 2]
    raw += np.random.default_rng(0).normal(0, 10, raw.shape)
    return cv2.cvtColor(np.clip(np.rint(raw), 0, 255).astype(np.uint8), cv2.COLOR_BAYER_RGGB2RGB)


def add_chroma_blotches(image: Image) -> Image:
    """Colour noise of 12 levels and several pixels' width, without luma noise."""
    planes = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    blotches = np.random.default_rng(0).normal(0, 1, (*image.shape[:2], 2)).astype(np.float32)
    blotches = cv2.GaussianBlur(blotches, (0, 0), 3)
    planes[..., 1:] += blotches * (12 / blotches.std())
    return cv2.cvtColor(np.clip(np.rint(planes), 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB)


def make_jpeg(quality: int) -> Degradation:
    def compress(image: Image) -> Image:
        _, file = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.cvtColor(cv2.imdecode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)

    return compress


def make_blur(sigma_px: float) -> Degradation:
    return lambda image: cv2.GaussianBlur(image, (0, 0), sigma_px)


def make_underexposure(share: float) -> Degradation:
    return lambda image: np.rint(image * share).astype(np.uint8)


def make_shadow(gamma: float) -> Degradation:
    """Darken as a face without its light is dark: the power law `gamma`, which keeps black and white."""
    return lambda image: np.rint(255 * (image / 255) ** gamma).astype(np.uint8)


def halve(image: Image) -> Image:
    return cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def downscale_and_upscale(image: Image) -> Image:
    return cv2.resize(halve(image), image.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def compose(*degradations: Degradation) -> Degradation:
    return lambda image: reduce(lambda result, degradation: degradation(result), degradations, image)


COMPARED_DEGRADATIONS: dict[str, Degradation] = {
    **{f"noise {sigma}": make_noise(sigma) for sigma in (5, 15, 25)},
    **{f"JPEG {quality}": make_jpeg(quality) for quality in (10, 20, 60)},
    "noise 15 + JPEG 20": compose(make_noise(15), make_jpeg(20)),
    "half + noise 15 + JPEG 20": compose(downscale_and_upscale, make_noise(15), make_jpeg(20)),
    "camera noise": add_camera_noise,
    **{f"camera noise + JPEG {quality}": compose(add_camera_noise, make_jpeg(quality)) for quality in (60, 85)},
    "Bayer noise": add_sensor_noise,
    **{f"Bayer noise + JPEG {quality}": compose(add_sensor_noise, make_jpeg(quality)) for quality in (60, 85)},
    "chroma blotches": add_chroma_blotches,
}
SHEET_DEGRADATIONS = (
    compose(add_sensor_noise, make_jpeg(85)),
    compose(make_noise(15), make_jpeg(20)),
    make_blur(1.5),
    make_shadow(3.0),
)
UNCOMPARED_DEGRADATIONS: dict[str, Degradation] = {
    "blur 1.5": make_blur(1.5),
    "blur 2 + noise 5": compose(make_blur(2), make_noise(5)),
    "dark": make_underexposure(0.35),
    "dark + noise 4": compose(make_underexposure(0.35), make_noise(4)),
}


def generate_baselines() -> Iterator[tuple[str, Baseline]]:
    for factor in (2, 3, 4):
        yield "bilateral", lambda image, error, k=factor: cv2.bilateralFilter(image, -1, k * error, 3)
    for factor in (1.0, 1.5, 2.0):
        yield "guided", lambda image, error, k=factor: cv2.ximgproc.guidedFilter(image, image, 2, (k * error) ** 2)
    denoise = cv2.fastNlMeansDenoisingColored
    for factor in (0.6, 0.8):
        yield "NLM", lambda image, error, k=factor: denoise(image, None, k * error, k * error)


def compute_psnr(original: Image, image: Image) -> float:
    """PSNR in dB over all channels, at most 99."""
    error = float(np.mean(np.square(original.astype(np.float32) - image)))
    return min(99.0, float(10 * np.log10(255**2 / max(error, 1e-9))))


def compute_ssim(original: Image, image: Image) -> float:
    """SSIM of the luma."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (original, image)]
    return float(structural_similarity(*grey))


def measure_row(
    name: str, degradation: Degradation, originals: dict[str, Image], compare_baselines: bool
) -> tuple[str, list[str]]:
    """Measure one line of the table; also returns a sentence for each missed limit."""
    pairs = [(original, degradation(original)) for original in originals.values()]
    restored = [(original, restore(degraded, enlarge=False)) for original, degraded in pairs]
    before, after = (np.array([compute_psnr(*pair) for pair in each]) for each in (pairs, restored))
    ssim_before, ssim_after = (np.mean([compute_ssim(*pair) for pair in each]) for each in (pairs, restored))
    line = f"{name:<28}{before.mean():>7.2f} {ssim_before:.3f}{after.mean():>9.2f} {ssim_after:.3f}"
    failures = [
        f"{photo} loses {loss:.2f} dB with {name}"
        for photo, loss in zip(originals, before - after, strict=True)
        if loss > MAX_LOSS_DB
    ]
    if compare_baselines:
        scores: list[tuple[float, float, str]] = []
        errors = [float(np.sqrt(np.mean((original - degraded.astype(float)) ** 2))) for original, degraded in pairs]
        for baseline, run in generate_baselines():
            results = [
                (original, run(degraded, error)) for (original, degraded), error in zip(pairs, errors, strict=True)
            ]
            psnr, ssim = (float(np.mean([score(*pair) for pair in results])) for score in (compute_psnr, compute_ssim))
            scores.append((psnr, ssim, baseline))
        best = max(scores)
        line += f"{best[0]:>9.2f} {best[1]:.3f} {best[2]}"
        if after.mean() < best[0]:
            failures.append(f"{name}: {best[2]} is better")
    if name.startswith("dark"):
        clipped = max(float(np.mean(image == 255)) for _, image in restored)
        allowed = max(float(np.mean(original == 255)) for original, _ in pairs) + MAX_CLIPPED_SHARE
        line += f"   at white {clipped:.2%}"
        failures += [f"{name}: {clipped:.2%} of the values are at white"] * (clipped > allowed)
    return line, failures


def measure_enlargement(originals: dict[str, Image]) -> tuple[str, list[str]]:
    """Compare enlarging halved photos with bicubic: by PSNR, and by sharpness, the mean absolute Laplacian."""
    rows = []
    for original in originals.values():
        original_crop = original[: original.shape[0] // 2 * 2, : original.shape[1] // 2 * 2]
        bicubic, restored = downscale_and_upscale(original_crop), restore(halve(original_crop))
        edges = [float(np.abs(cv2.Laplacian(picture, cv2.CV_32F)).mean()) for picture in (bicubic, restored)]
        rows.append((compute_psnr(original_crop, bicubic), compute_psnr(original_crop, restored), edges[1] / edges[0]))
    bicubic_mean, restored_mean, sharper = np.mean(rows, axis=0)
    means = f"{bicubic_mean:>7.2f} (bicubic) {restored_mean:>7.2f}"
    line = f"{'doubled from half size':<28}{means}, {sharper:.2f}× as sharp"
    is_better = all(restored > bicubic and edge > 1 for bicubic, restored, edge in rows)
    return line, [] if is_better else ["enlarging is not better than bicubic on every photo"]


def measure_faces(people: dict[str, Image]) -> tuple[list[str], list[str]]:
    """Lines about pictures of people, restored with their faces, and a sentence for each missed limit.

    A face counts as dark if its median luma is below MAX_DARK_FACE_LUMA; a lighter one may be meant so.
    """
    lines, failures = [], []
    for gamma in DARK_FACE_GAMMAS:
        gains = []
        for original in people.values():
            dark = make_shadow(gamma)(original)
            faces = find_faces(dark)
            if faces and float(np.median(read_face_luma(dark, faces[0]))) < MAX_DARK_FACE_LUMA:
                restored = restore(dark, faces, enlarge=False)
                gains.append(compute_psnr(original, restored) - compute_psnr(original, dark))
        if gains:
            name = f"dark face, gamma {gamma}"
            lines.append(f"{name:<28}{np.median(gains):>+7.2f} dB, median of {len(gains)}, worst {min(gains):+.2f}")
            failures += [f"{name} gains {np.median(gains):.1f} dB"] * (np.median(gains) < MIN_DARK_FACE_GAIN_DB)
    clean = [compute_psnr(image, restore(image, find_faces(image), enlarge=False)) for image in people.values()]
    lines.append(f"{'clean faces':<28}{np.median(clean):>7.2f} dB, median of {len(clean)}, worst {min(clean):.2f}")
    failures += [f"clean faces come back {np.median(clean):.1f} dB from themselves"] * (
        float(np.median(clean)) < MIN_CLEAN_PSNR_DB
    )
    return lines, failures


def read_face_luma(image: Image, face: Face) -> Image:
    """(n,) luma 0..255 inside the face's oval."""
    mask = build_outline_mask(face.landmarks.astype(np.float64), 1.0, image.shape[:2])
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[mask > 0.5])


def render_sheet(people: dict[str, Image]) -> Image:
    """A row for each person, the face at full scale: degraded and restored, for each of SHEET_DEGRADATIONS."""
    rows = []
    for original in people.values():
        if not (faces := find_faces(original)):
            continue
        crops = []
        for degradation in SHEET_DEGRADATIONS:
            degraded = degradation(original)
            for image in (degraded, restore(degraded, find_faces(degraded), enlarge=False)):
                crops.append(cv2.getRectSubPix(image, (SHEET_CELL_PX,) * 2, faces[0].centre))
        rows.append(np.hstack(crops))
    return np.vstack(rows)


def main(people: dict[str, Image]) -> int:
    """Print and write the table, and the sheet of `people`; returns 1 if a limit is missed."""
    originals = load_photos()
    lines = [f"{'mean of ' + str(len(originals)) + ' photos':<28}{'input':>13}{'restored':>15}{'best baseline':>15}"]
    rows = [measure_row(name, degradation, originals, True) for name, degradation in COMPARED_DEGRADATIONS.items()]
    rows += [measure_row(name, degradation, originals, False) for name, degradation in UNCOMPARED_DEGRADATIONS.items()]
    rows.append(measure_enlargement(originals))
    lines += [line for line, _ in rows]
    failures = [failure for _, row_failures in rows for failure in row_failures]
    clean = {name: compute_psnr(image, restore(image, enlarge=False)) for name, image in originals.items()}
    lines.append(f"{'clean, worst':<28}{min(clean.values()):>7.2f}")
    failures += [
        f"{name} comes back {value:.1f} dB from itself" for name, value in clean.items() if value < MIN_CLEAN_PSNR_DB
    ]
    face_lines, face_failures = measure_faces(people)
    lines += face_lines
    failures += face_failures
    lines += [f"FELL SHORT: {text}" for text in failures]
    lines.append(
        f"restoration: {len(rows) + 1 + len(face_lines)} rows on {len(originals)} photos, {len(failures)} bars missed"
    )
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "restoration.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    cv2.imwrite(str(OUTPUT / "restoration.png"), cv2.cvtColor(render_sheet(people), cv2.COLOR_RGB2BGR))
    print("\n".join(lines))
    return 1 if failures else 0
