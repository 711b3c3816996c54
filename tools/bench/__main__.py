"""``make bench``: the table of ratios, then memory."""

from . import app, codec, effects, evaluation, loading, mirror, pages, peak
from .ratio import Row


def main() -> None:
    """Print each row as soon as it is measured."""
    print(f"{'what':<50} {'baseline':<40} {'base':>8} {'ours':>8} {'ratio':>6} {'aim':>6}")
    for measure in (codec.rows, effects.rows, app.rows, evaluation.rows, loading.rows, pages.rows):
        for row in measure():
            _print_row(row)
    row, fps, p95_ms = mirror.measure()
    _print_row(row)
    print(f"mirror: {fps:.1f} frames a second at 480p (aim ≥ {mirror.MIN_FPS:.0f}), p95 {p95_ms:.0f} ms")
    for version in effects.VERSIONS:
        functions = ", ".join(f"{name} {ms:.0f} ms" for name, ms in effects.profile_avatar(version))
        print(f"avatar {version}, slowest functions: {functions}")
    print("peak memory at 12 MP: " + ", ".join(f"{name} {mb} MB" for name, mb in peak.measure_peaks().items()), end=" ")
    print(f"(aim ≤ {peak.MAX_PEAK_MB} MB)")
    avatar_mb = peak.measure_peak("anime_avatar", 800)
    print(f"peak memory of an avatar at 800×800: {avatar_mb} MB (aim ≤ {peak.MAX_AVATAR_PEAK_MB} MB)")
    early, late = app.measure_memory()
    calls = f"{app.MEMORY_CALL_COUNT // 4} and {app.MEMORY_CALL_COUNT} mixed calls"
    aim = f"(aim ≤ {app.MAX_MEMORY_MB} MB and level)"
    print(f"resident memory after {calls}: {early:.0f} MB, {late:.0f} MB {aim}")


def _print_row(row: Row) -> None:
    aim = ""
    if row.max_ratio is not None:
        aim = f" ≤{row.max_ratio:>5.2f}{'' if row.ratio <= row.max_ratio else '  missed'}"
    times = f"{row.baseline_s * 1e3:>6.0f}ms {row.measured_s * 1e3:>6.0f}ms"
    print(f"{row.name:<50} {row.baseline_name:<40} {times} {row.ratio:>6.2f}{aim}", flush=True)


if __name__ == "__main__":
    main()
