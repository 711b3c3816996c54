"""Measures quality restoration on real photos made worse in known ways: `python -m tools.quality.restoration`.

Every degradation is made here from photos that scikit-image carries, so the true picture is known. The restoration is
blind; its rivals are told the error's true strength and may choose their best setting per row. Writes the table and a
sheet of before and after to `build/quality/`, ends with one line, and fails when a bar is missed.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from skimage import data
from skimage.metrics import structural_similarity

from meitu_demo.domain.model import Image
from meitu_demo.engine.effects.restore import restore
from meitu_demo.engine.sample_photos import degrade

from . import OUTPUT

MIN_CLEAN_PSNR_DB = 48.0  # dB between a good photo and what comes back
MAX_LOSS_DB = 0.1  # dB that no photo may lose, however degraded
MAX_CLIPPED_SHARE = 0.002  # share of a dark photo's pixels that opening it up may drive to white

Degradation = Callable[[Image], Image]
Baseline = Callable[[Image, float], Image]


def load_photos() -> dict[str, Image]:
    """Real photos inside the scikit-image wheel: a portrait, fur, a still life, dusk, clutter, a grey one."""
    return {
        "astronaut": data.astronaut(),
        "chelsea": data.chelsea(),
        "coffee": data.coffee(),
        "rocket": data.rocket(),
        "motorcycle": data.stereo_motorcycle()[0],
        "camera": np.dstack([data.camera()] * 3),
    }


def make_noise(strength: float) -> Degradation:
    def add(image: Image) -> Image:
        grain = np.random.default_rng(0).normal(0, strength, image.shape)
        return np.clip(np.rint(image + grain), 0, 255).astype(np.uint8)

    return add


def make_jpeg(quality: int) -> Degradation:
    def compress(image: Image) -> Image:
        bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        _, file = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.cvtColor(cv2.imdecode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)

    return compress


def make_blur(radius: float) -> Degradation:
    return lambda image: cv2.GaussianBlur(image, (0, 0), radius)


def make_underexposure(share: float) -> Degradation:
    return lambda image: np.rint(image * share).astype(np.uint8)


def downscale_and_upscale(image: Image) -> Image:
    small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def compose(*degradations: Degradation) -> Degradation:
    def apply(image: Image) -> Image:
        for degradation in degradations:
            image = degradation(image)
        return image

    return apply


COMPARED_DEGRADATIONS: dict[str, Degradation] = {
    **{f"noise {strength}": make_noise(strength) for strength in (5, 15, 25)},
    **{f"JPEG {quality}": make_jpeg(quality) for quality in (10, 20, 60)},
    "noise 15 + JPEG 20": compose(make_noise(15), make_jpeg(20)),
    "half + noise 15 + JPEG 20": compose(downscale_and_upscale, make_noise(15), make_jpeg(20)),
}
UNCOMPARED_DEGRADATIONS: dict[str, Degradation] = {
    "blur 1.5": make_blur(1.5),
    "blur 2 + noise 5": compose(make_blur(2), make_noise(5)),
    "dark": make_underexposure(0.35),
    "dark + noise 4": compose(make_underexposure(0.35), make_noise(4)),
}


def generate_baselines() -> Iterator[tuple[str, Baseline]]:
    for multiplier in (2, 3, 4):
        yield "bilateral", lambda image, error, k=multiplier: cv2.bilateralFilter(image, -1, k * error, 3)
    for multiplier in (1.0, 1.5, 2.0):
        yield (
            "guided",
            lambda image, error, k=multiplier: cv2.ximgproc.guidedFilter(image, image, 2, (k * error) ** 2),
        )
    for multiplier in (0.6, 0.8):
        yield (
            "NLM",
            lambda image, error, k=multiplier: cv2.fastNlMeansDenoisingColored(image, None, k * error, k * error),
        )


def compute_psnr(original: Image, image: Image) -> float:
    """PSNR over all channels, 99 for the same picture."""
    error = float(np.mean(np.square(original.astype(np.float32) - image)))
    return min(99.0, float(10 * np.log10(255**2 / max(error, 1e-9))))


def compute_ssim(original: Image, image: Image) -> float:
    """SSIM of the luma."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (original, image)]
    return float(structural_similarity(*grey))


def measure_row(
    name: str, degradation: Degradation, originals: dict[str, Image], compare_baselines: bool
) -> tuple[str, list[str]]:
    """One line of the table, and what fell short."""
    pairs = [(original, degradation(original)) for original in originals.values()]
    restored = [restore(degraded, enlarge=False) for _, degraded in pairs]
    before = np.array([compute_psnr(*pair) for pair in pairs])
    after = np.array([compute_psnr(original, image) for (original, _), image in zip(pairs, restored, strict=True)])
    line = f"{name:<28}{before.mean():>7.2f} {np.mean([compute_ssim(*pair) for pair in pairs]):.3f}"
    line += f"{after.mean():>9.2f} "
    line += f"{np.mean([compute_ssim(true, image) for (true, _), image in zip(pairs, restored, strict=True)]):.3f}"
    failures = [
        f"{photo} loses {loss:.2f} dB with {name}"
        for photo, loss in zip(originals, before - after, strict=True)
        if loss > MAX_LOSS_DB
    ]
    if compare_baselines:
        scores: list[tuple[float, float, str]] = []
        for baseline, run in generate_baselines():
            answers = [
                (true, run(bad, float(np.sqrt(np.mean((true - bad.astype(float)) ** 2))))) for true, bad in pairs
            ]
            score = float(np.mean([compute_psnr(*answer) for answer in answers]))
            scores.append((score, float(np.mean([compute_ssim(*answer) for answer in answers])), baseline))
        best = max(scores)
        line += f"{best[0]:>9.2f} {best[1]:.3f} {best[2]}"
        if after.mean() < best[0]:
            failures.append(f"{name}: {best[2]} is better")
    if name.startswith("dark"):
        clipped = max(float(np.mean(image == 255)) for image in restored)
        allowed = max(float(np.mean(original == 255)) for original, _ in pairs) + MAX_CLIPPED_SHARE
        line += f"   at white {clipped:.2%}"
        failures += [f"{name}: {clipped:.2%} of the values are at white"] * (clipped > allowed)
    return line, failures


def measure_enlargement(originals: dict[str, Image]) -> tuple[str, list[str]]:
    """Real photos at half the size, doubled again: against the true pixels, and sharpness as the Laplacian's mean."""
    rows = []
    for original in originals.values():
        original_crop = original[: original.shape[0] // 2 * 2, : original.shape[1] // 2 * 2]
        small = cv2.resize(original_crop, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        bicubic = cv2.resize(small, original_crop.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        restored = restore(small)
        edges = [float(np.abs(cv2.Laplacian(picture, cv2.CV_32F)).mean()) for picture in (bicubic, restored)]
        rows.append((compute_psnr(original_crop, bicubic), compute_psnr(original_crop, restored), edges[1] / edges[0]))
    bicubic_mean, ours_mean, sharper = np.mean(rows, axis=0)
    line = f"{'doubled from half size':<28}{bicubic_mean:>7.2f} (bicubic) {ours_mean:>7.2f}, {sharper:.2f}× as sharp"
    good = all(ours > bicubic and edge > 1 for bicubic, ours, edge in rows)
    return line, [] if good else ["enlarging is not better than bicubic on every photo"]


def render_sheet(originals: dict[str, Image]) -> Image:
    """Astronaut at 100 %: degraded above, restored below, for five degradations."""
    image = originals["astronaut"]
    kinds = [make_noise(15), make_jpeg(20), compose(make_noise(15), make_jpeg(20)), make_blur(1.5), degrade]
    pairs = [(bad, restore(bad, enlarge=False)) for bad in (kind(image) for kind in kinds)]
    crop = np.s_[0:300, 90:390]
    return np.hstack([np.vstack([bad[crop], good[crop]]) for bad, good in pairs])


def main() -> int:
    originals = load_photos()
    lines = [f"{'mean of ' + str(len(originals)) + ' photos':<28}{'input':>13}{'restored':>15}{'best told':>15}"]
    failures: list[str] = []
    for rows, compare_baselines in ((COMPARED_DEGRADATIONS, True), (UNCOMPARED_DEGRADATIONS, False)):
        for name, degradation in rows.items():
            line, row_failures = measure_row(name, degradation, originals, compare_baselines)
            lines.append(line)
            failures += row_failures
    line, row_failures = measure_enlargement(originals)
    lines.append(line)
    failures += row_failures
    clean = {name: compute_psnr(image, restore(image, enlarge=False)) for name, image in originals.items()}
    lines.append(f"{'clean, worst':<28}{min(clean.values()):>7.2f}")
    failures += [
        f"{name} comes back {value:.1f} dB from itself" for name, value in clean.items() if value < MIN_CLEAN_PSNR_DB
    ]
    lines += [f"FELL SHORT: {text}" for text in failures]
    total = len(COMPARED_DEGRADATIONS) + len(UNCOMPARED_DEGRADATIONS) + 2
    lines.append(f"restoration: {total} rows on {len(originals)} photos, {len(failures)} bars missed")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "restoration.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    cv2.imwrite(str(OUTPUT / "restoration.png"), cv2.cvtColor(render_sheet(originals), cv2.COLOR_RGB2BGR))
    print("\n".join(lines))
    return 1 if failures else 0
