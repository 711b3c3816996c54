"""Follows a Dockerfile's steps in folders: each stage is a copy of its base's root, each RUN a chroot into it."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import context, dockerfile, roots
from .dockerfile import Stage, Step

# For RUN alone: processes, devices, the network's names, and the certificates that this machine trusts.
MOUNTS = """
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && touch "$1/etc/resolv.conf" &&
mount --bind /etc/resolv.conf "$1/etc/resolv.conf" &&
mount --bind /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt" &&
cd / && exec chroot "$1" /bin/sh -c "cd '$2' && $3"
"""
TRUST = {"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "PIP_CERT": "/etc/ssl/certs/ca-certificates.crt"}
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Image:
    """A root with what its Dockerfile says about starting it."""

    root: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    workdir: str = "/"
    user: str = "0"
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"
    volumes: tuple[str, ...] = ()


def build(project: Path, folder: Path, python: str | None = None) -> Image:
    """The last stage of the project's Dockerfile, below `folder`. Raises ValueError, CalledProcessError."""
    stages = dockerfile.read((project / "Dockerfile").read_text("utf-8"))
    made: dict[str, Image] = {}
    for stage in stages:
        base = roots.base_root(stage.base, folder, python)
        root = folder / f"stage-{stage.name}"
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)
        subprocess.run(["cp", "-a", str(base), str(root)], check=True)
        made[stage.name] = _follow(stage, Image(root), project, made)
    return made[stages[-1].name]


def _follow(stage: Stage, image: Image, project: Path, made: dict[str, Image]) -> Image:
    for step in stage.steps:
        began = time.perf_counter()
        match step.verb:
            case "RUN":
                _run(image, step.rest)
            case "COPY":
                _copy(image, step, project, made)
            case "ENV":
                pairs = dict(word.split("=", 1) for word in step.words())
                image.environ |= {name: dockerfile.filled(value, image.environ) for name, value in pairs.items()}
            case "WORKDIR":
                image.workdir = step.rest
                (image.root / step.rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "USER":
                image.user = step.rest
            case "CMD":
                image.command = step.command()
            case "HEALTHCHECK":
                image.health = step.command()
            case "STOPSIGNAL":
                image.stop_signal = step.rest
            case "VOLUME":
                image.volumes += tuple(step.words())
        print(f"{time.perf_counter() - began:6.1f} s  {step.verb} {step.rest[:90]}", flush=True)
    return image


def _run(image: Image, command: str) -> None:
    if image.user != "0":
        raise ValueError("RUN after USER is not followed here")
    shell = ["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNTS, "sh", str(image.root)]
    environ = {"HOME": "/root", **image.environ, **TRUST}
    program = ["env", "-i", *(f"{name}={value}" for name, value in environ.items() if name != "PATH")]
    done = subprocess.run(
        [*program, f"PATH={image.environ['PATH']}:{os.environ['PATH']}", *shell, image.workdir, command],
        stdout=sys.stderr, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ValueError(f"RUN failed with {done.returncode}: {command[:120]}")


def _copy(image: Image, step: Step, project: Path, made: dict[str, Image]) -> None:
    """One source; a folder's content goes into the target, a file into a target that ends with a slash."""
    source, target = step.words()
    into = image.root / target.lstrip("/")
    if stage := step.flags.get("from"):
        into.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", "--no-target-directory", f"{made[stage].root}{source}", str(into)], check=True)
        return
    found = list(context.files(project, source))
    if not found:
        raise ValueError(f"COPY {source}: nothing there that .dockerignore lets in")
    for path in found:
        inside = path.relative_to(source) if (project / source).is_dir() else Path(path.name)
        whole = target.endswith("/") or (project / source).is_dir()
        (into / inside if whole else into).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project / path, into / inside if whole else into)
