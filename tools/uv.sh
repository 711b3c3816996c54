#!/bin/sh
# Runs the uv version that locks/build.in pins; installs it into build/uv at first use, with PYTHON or .venv's Python.
set -eu
wanted=$(sed 's/ .*//' locks/build.in)
if [ "$(build/uv/bin/uv --version 2>/dev/null | sed 's/^uv \([^ ]*\).*/uv==\1/')" != "$wanted" ]; then
    "${PYTHON:-.venv/bin/python}" -m venv --clear build/uv
    build/uv/bin/python -m pip install --quiet --disable-pip-version-check "$wanted"
fi
exec build/uv/bin/uv "$@"
