"""``python -m tools.licences`` (make licences): writes LICENCES.md from the metadata of what the container locks.

A wheel may carry libraries in C whose licence is not its own; those are named with it. Where a package or a library
does not say what its licence is, the table stops: somebody has to look, and write it down here.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution, distributions
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LEAN_VENV = PROJECT / "build" / "lean"
PIN_PATTERN = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)", re.MULTILINE)
MAX_LICENCE_NAME_CHARS = 60  # characters of a licence's name; some write the whole text there
LICENCE_ALIASES = {
    "Apache 2.0": "Apache-2.0",
    "BSD": "BSD-2-Clause",
    "ISC License": "ISC",
    "3-Clause BSD License": "BSD-3-Clause",
}
CLASSIFIER_LICENCES = {"MIT License": "MIT", "BSD License": "BSD-3-Clause", "Apache Software License": "Apache-2.0"}
LICENCE_ALIASES |= {"BSD 3-Clause License": "BSD-3-Clause"}
LIBRARY_LICENCES = {  # the beginning of a file's name, as wheels carry it
    "libEGL": "MIT", "libGL": "MIT", "libgfortran": "GPL-3.0 with the GCC exception", "libquadmath": "LGPL-2.1",
    "libopenblas": "BSD-3-Clause", "libscipy_openblas": "BSD-3-Clause", "libavif": "BSD-2-Clause",
    "libavcodec": "LGPL-2.1", "libavformat": "LGPL-2.1", "libavutil": "LGPL-2.1", "libsw": "LGPL-2.1",
    "libcrypto": "OpenSSL or Apache-2.0", "libssl": "OpenSSL or Apache-2.0", "libpng": "libpng-2.0",
    "libvpx": "BSD-3-Clause", "libXau": "MIT", "libxcb": "MIT", "libbrotli": "MIT", "libfreetype": "FTL or GPL-2.0",
    "libharfbuzz": "MIT", "libjpeg": "IJG and BSD-3-Clause", "liblcms2": "MIT", "liblzma": "0BSD",
    "libopenjp2": "BSD-2-Clause", "libsharpyuv": "BSD-3-Clause", "libtiff": "libtiff", "libwebp": "BSD-3-Clause",
    "libzstd": "BSD-3-Clause or GPL-2.0", "libde265": "LGPL-3.0", "libheif": "LGPL-3.0", "libx265": "GPL-2.0",
    "libcom_err": "MIT", "libcrypt": "LGPL-2.1", "libgssapi_krb5": "MIT", "libk5crypto": "MIT", "libkrb5": "MIT",
    "libkeyutils": "LGPL-2.1", "liblber": "OLDAP-2.8", "libldap": "OLDAP-2.8", "libpq": "PostgreSQL",
    "libsasl2": "BSD with CMU's clause",
}  # fmt: skip
TABLE_HEADER = """# Licences

What the image brings along beside Python and Debian, as `locks/container.txt` names it. A Space with the Gradio SDK
installs these and more. Made by `make licences` from what the packages say of themselves.

pillow-heif reads the iPhone's photos. Its wheel carries x265 under the GPL, version 2: whoever hands the image on,
hands that on too, under its terms. Of the photos that scikit-image brings, the astronaut is NASA's and in the public
domain, the coffee is by Rachel Michetti, given away (CC0).

| package | version | licence | libraries inside, with theirs |
|---|---|---|---|
"""


def parse_pins(lock: str) -> dict[str, str]:
    """Names and versions in a lock file's text."""
    return dict(PIN_PATTERN.findall(lock))


def find_licence(package: Distribution) -> str:
    """What a package says, as an SPDX expression where it does. Raises ValueError if it says nothing that is known."""
    metadata = HeaderParser().parsestr(package.read_text("METADATA") or "")
    if expression := metadata["License-Expression"]:
        return str(expression)
    text = str(metadata["License"] or "").strip()
    if text and len(text) <= MAX_LICENCE_NAME_CHARS and not text.startswith("Copyright"):
        return LICENCE_ALIASES.get(text, text)
    for classifier in metadata.get_all("Classifier", []):
        name = classifier.rpartition(" :: ")[2]
        if classifier.startswith("License") and name in CLASSIFIER_LICENCES:
            return CLASSIFIER_LICENCES[name]
    raise ValueError(f"{package.name} does not say what its licence is")


def list_bundled_libraries(package: Distribution) -> Iterator[str]:
    """The libraries in C that a wheel carries, each with its licence. Raises ValueError for one that is not known."""
    licences: dict[str, str] = {}
    for file in package.files or ():
        if file.parts[0].endswith(".libs"):
            name = file.name
            prefix = max((start for start in LIBRARY_LICENCES if name.startswith(start)), key=len, default=None)
            if prefix is None:
                raise ValueError(f"{package.name} carries {name}, whose licence is not in tools/licences.py")
            licences[prefix] = LIBRARY_LICENCES[prefix]
    for terms in sorted(set(licences.values())):
        yield f"{terms}: {', '.join(sorted(name for name in licences if licences[name] == terms))}"


def render_table(lock: str, packages: dict[str, Distribution]) -> str:
    """LICENCES.md. packages: installed ones by name. Raises ValueError, and KeyError for one that is not there."""
    rows = []
    for name, version in sorted(parse_pins(lock).items()):
        package = packages[name]
        if package.version != version:
            raise ValueError(f"{name} {package.version} is installed, and {version} locked")
        rows.append(f"| {name} | {version} | {find_licence(package)} | {'; '.join(list_bundled_libraries(package))} |")
    return TABLE_HEADER + "\n".join(rows) + "\n"


def main() -> int:
    """Install the lock beside the project, and write the table."""
    uv = ["sh", "tools/uv.sh"]
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, LEAN_VENV], cwd=PROJECT, check=True)
    install = [
        "pip",
        "sync",
        "--quiet",
        "--require-hashes",
        "--python",
        LEAN_VENV / "bin/python",
        "locks/container.txt",
    ]
    subprocess.run([*uv, *install], cwd=PROJECT, check=True)
    (folder,) = LEAN_VENV.glob("lib/python*/site-packages")
    packages = {re.sub(r"[-_.]+", "-", package.name).lower(): package for package in distributions(path=[str(folder)])}
    text = render_table((PROJECT / "locks/container.txt").read_text("utf-8"), packages)
    (PROJECT / "LICENCES.md").write_text(text, "utf-8")
    print(f"LICENCES.md: {len(packages)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
