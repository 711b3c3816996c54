#!/bin/sh
# Makes .venv with the newest suitable Python (or PYTHON=…) and installs the requirements file $1.
# On Linux, requirements-dev.txt is installed from its lock; other systems get the pins only.
# A checksum of the requirements is stored in .venv; nothing is installed while it matches.
set -eu
wanted=$1
stop() { printf '%s\n' "$*" >&2; exit 1; }

# A version manager's stub may exist without working, so each candidate has to run code.
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1; }

if [ ! -x .venv/bin/python ] || ! fits .venv/bin/python; then
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || stop "This project runs on Python 3.11 and 3.12: mediapipe 0.10.21, which finds the faces, has no wheel for others; '$PYTHON' is not one of them."
        python=$PYTHON
    else
        python=
        for candidate in python3.12 python3.11 python3 python; do
            if fits "$candidate"; then python=$candidate; break; fi
        done
        [ -n "$python" ] || stop "This project runs on Python 3.11 and 3.12 (mediapipe 0.10.21 has no wheel for others), and neither is here. Install one, or name it: make run PYTHON=/path/to/python3.12"
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null || stop "$python cannot make virtual environments. On Debian: apt-get install $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    rm -rf .venv
    "$python" -m venv .venv
fi

exactly="-r $wanted"
if [ "$wanted" = requirements-dev.txt ] && [ "$(uname -s)" = Linux ] && [ -e locks/dev.txt ]; then
    exactly="--require-hashes -r locks/dev.txt"
fi
sum=$(cat requirements.txt "$wanted" "${exactly##* }" | cksum)
stamp=.venv/.installed-$wanted
if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
    echo "Installing $wanted into .venv (once) …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check $exactly
    printf '%s\n' "$sum" >"$stamp"
fi

# OpenCV's wheel needs two system libraries.
if ! [ -e .venv/.opencv-loads ]; then
    .venv/bin/python -c 'import cv2' 2>/dev/null || stop "OpenCV does not load: two libraries of the system are missing. On Debian or Ubuntu: apt-get install libgl1 libglib2.0-0"
    : >.venv/.opencv-loads
fi
