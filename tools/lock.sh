#!/bin/sh
# make lock: resolves the pins of requirements*.txt and their dependencies to exact versions with hashes.
# Locked versions that still fit are kept; `make lock UPGRADE=--upgrade` looks for newer ones.
set -eu

# Hashes make any index safe, so none is named. One lock serves both Python versions.
lock() { # file, its source, more options
    file=$1 source=$2
    shift 2
    echo "locks/$file"
    sh tools/uv.sh pip compile "$source" --output-file "locks/$file" --quiet --universal --python-version 3.11 \
        --generate-hashes --no-python-downloads --custom-compile-command "make lock" ${UPGRADE:-} "$@"
}
lock dev.txt requirements-dev.txt
lock container.txt locks/container.in --constraints locks/dev.txt --excludes locks/container.without
lock build.txt locks/build.in
