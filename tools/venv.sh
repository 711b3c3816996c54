#!/bin/sh
# Makes .venv with Python 3.12 or 3.11 and installs the requirements file $1 into it, with progress.
#
# Python: PYTHON=… if named, else the first that fits on PATH, else CPython 3.12 fetched by uv. uv is the one on PATH or
# in its installer's folder, else one that pip installs into build/uv (tools/uv.sh).
# Packages: on Linux, requirements-dev.txt is installed from its lock; other systems get the pins only. A checksum of
# the requirements is stored in .venv; nothing is installed while it matches.
set -eu
wanted=$1
began=$(date +%s)
stop() { printf '%s\n' "$*" >&2; exit 1; }
step() { printf '%4d s  %s\n' $(($(date +%s) - began)) "$*"; }
only="This project runs on Python 3.11 and 3.12: mediapipe 0.10.21, which finds the faces, has no wheel for others"

# A version manager's stub may exist without working, so each candidate has to run code.
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1; }
makes_venvs() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

fetch_python() { # sets python to a CPython 3.12 that uv has fetched; fails without a network, or without uv and pip
    set -- sh tools/uv.sh
    for uv in uv "${HOME:-}/.local/bin/uv" "${HOME:-}/.cargo/bin/uv"; do
        if "$uv" --version >/dev/null 2>&1; then set -- "$uv"; break; fi
    done
    step "No Python 3.11 or 3.12 is here; uv fetches 3.12"
    for candidate in python3 python python3.13 python3.14; do # for tools/uv.sh, any that makes environments
        if makes_venvs "$candidate"; then break; fi
    done
    # UV_PYTHON_INSTALL_BIN=0: no link to it on PATH.
    PYTHON=$candidate UV_PYTHON_INSTALL_BIN=0 "$@" python install cpython-3.12 >/dev/null 2>&1 &&
        python=$("$@" python find --no-project cpython-3.12 2>/dev/null) && fits "$python"
}

if [ ! -x .venv/bin/python ] || ! fits .venv/bin/python; then
    [ "$(uname -s)" != Linux ] || [ "$(uname -m)" = x86_64 ] ||
        stop "This project runs on x86-64: mediapipe 0.10.21, which finds the faces, has no wheel for Linux on $(uname -m)."
    python=${PYTHON:-}
    if [ -n "$python" ]; then
        fits "$python" || stop "$only; '$python' is not one of them."
    else
        for candidate in python3.12 python3.11 python3 python; do
            if fits "$candidate"; then python=$candidate; break; fi
        done
        [ -n "$python" ] || fetch_python || stop "$only; none is here, and none could be fetched. \
Install uv, which fetches one: curl -LsSf https://astral.sh/uv/install.sh | sh; or name one: make run PYTHON=/path/to/python3.12"
    fi
    makes_venvs "$python" || stop "$python cannot make virtual environments. On Debian: apt-get install $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    step "Making .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
fi

install() { # pip's arguments; prints every five seconds where pip is, and all that it said when it fails
    log=.venv/install.log shown=$(date +%s)
    .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off "$@" >"$log" 2>&1 &
    pip=$!
    trap 'kill $pip; exit 130' INT TERM
    while kill -0 $pip 2>/dev/null; do
        if [ $(($(date +%s) - shown)) -ge 5 ]; then
            shown=$(date +%s)
            at=$(sed -nE -e 's/^(Collecting [^ ]+).*/\1/p' -e 's/^ *(Downloading )(.*\/)?([^/]+)$/\1\3/p' \
                -e 's/^(Installing collected packages).*/\1/p' "$log" | tail -n 1)
            step "${at:-pip looks at what is installed}"
        fi
        sleep 0.2
    done
    trap - INT TERM
    wait $pip || { cat "$log" >&2; exit 1; }
}

exactly="-r $wanted"
if [ "$wanted" = requirements-dev.txt ] && [ "$(uname -s)" = Linux ] && [ -e locks/dev.txt ]; then
    exactly="--require-hashes -r locks/dev.txt"
fi
sum=$(cat requirements.txt "$wanted" "${exactly##* }" | cksum)
stamp=.venv/.installed-$wanted
if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
    step "Installing $wanted into .venv (once, some minutes)"
    install $exactly
    printf '%s\n' "$sum" >"$stamp"
    step "Installed"
fi

# OpenCV's wheel needs two system libraries.
if ! [ -e .venv/.opencv-loads ]; then
    .venv/bin/python -c 'import cv2' 2>/dev/null || stop "OpenCV does not load: two libraries of the system are missing. On Debian or Ubuntu: apt-get install libgl1 libglib2.0-0"
    : >.venv/.opencv-loads
fi
