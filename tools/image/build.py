"""Runs a Dockerfile's steps in folders: each stage is a copy of its base's root, each RUN a chroot into it."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import context, dockerfile, roots
from .dockerfile import Instruction, Stage

# Mounts processes, devices, name resolution and this machine's trusted certificates.
RUN_SCRIPT = """
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && touch "$1/etc/resolv.conf" &&
mount --bind /etc/resolv.conf "$1/etc/resolv.conf" &&
mount --bind /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt" &&
cd / && exec chroot "$1" /bin/sh -c "cd '$2' && $3"
"""
CA_ENVIRON = {"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "PIP_CERT": "/etc/ssl/certs/ca-certificates.crt"}
DEFAULT_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class BuiltImage:
    """A root folder, and how to start it."""

    root: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": DEFAULT_PATH})
    workdir: str = "/"
    user: str = "0"
    command: tuple[str, ...] = ()
    health_command: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"


def build(project: Path, folder: Path, python: str | None = None) -> BuiltImage:
    """Build the last stage of the project's Dockerfile in `folder`. Raises ValueError, CalledProcessError."""
    stages = dockerfile.parse((project / "Dockerfile").read_text("utf-8"))
    images: dict[str, BuiltImage] = {}
    for stage in stages:
        base = roots.build_base_root(stage.base, folder, python)
        root = folder / f"stage-{stage.name}"
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)
        subprocess.run(["cp", "-a", str(base), str(root)], check=True)
        images[stage.name] = _run_instructions(stage, BuiltImage(root), project, images)
    return images[stages[-1].name]


def _run_instructions(stage: Stage, image: BuiltImage, project: Path, images: dict[str, BuiltImage]) -> BuiltImage:
    for instruction in stage.instructions:
        start = time.perf_counter()
        match instruction.keyword:
            case "RUN":
                _run_command(image, instruction.arguments)
            case "COPY":
                _copy_files(image, instruction, project, images)
            case "ENV":
                pairs = [word.split("=", 1) for word in instruction.split_arguments()]
                image.environ |= {name: dockerfile.expand_variables(text, image.environ) for name, text in pairs}
            case "WORKDIR":
                image.workdir = instruction.arguments
                (image.root / instruction.arguments.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "USER":
                image.user = instruction.arguments
            case "CMD":
                image.command = instruction.parse_command()
            case "HEALTHCHECK":
                image.health_command = instruction.parse_command()
            case "STOPSIGNAL":
                image.stop_signal = instruction.arguments
        print(f"{time.perf_counter() - start:6.1f} s  {instruction.keyword} {instruction.arguments[:90]}", flush=True)
    return image


def _run_command(image: BuiltImage, command: str) -> None:
    if image.user != "0":
        raise ValueError("RUN after USER is not supported")
    shell = ["unshare", "--mount", "--propagation", "private", "sh", "-c", RUN_SCRIPT, "sh", str(image.root)]
    environ = {"HOME": "/root", **image.environ, **CA_ENVIRON}
    program = ["env", "-i", *(f"{name}={value}" for name, value in environ.items() if name != "PATH")]
    completed = subprocess.run(
        [*program, f"PATH={image.environ['PATH']}:{os.environ['PATH']}", *shell, image.workdir, command],
        stdout=sys.stderr, check=False,
    )  # fmt: skip
    if completed.returncode:
        raise ValueError(f"RUN failed with {completed.returncode}: {command[:120]}")


def _copy_files(image: BuiltImage, instruction: Instruction, project: Path, images: dict[str, BuiltImage]) -> None:
    """Copy one source: a folder's content into the target, a file to it or, if it ends with a slash, into it."""
    source, target = instruction.split_arguments()
    destination = image.root / target.lstrip("/")
    if stage := instruction.flags.get("from"):
        destination.parent.mkdir(parents=True, exist_ok=True)
        command = ["cp", "-a", "--no-target-directory", f"{images[stage].root}{source}", str(destination)]
        subprocess.run(command, check=True)
        return
    paths = list(context.list_files(project, source))
    if not paths:
        raise ValueError(f"COPY {source}: nothing there that .dockerignore lets in")
    source_is_folder = (project / source).is_dir()
    for path in paths:
        relative = path.relative_to(source) if source_is_folder else Path(path.name)
        copy = destination / relative if source_is_folder or target.endswith("/") else destination
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project / path, copy)
