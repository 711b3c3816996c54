#!/bin/sh
# make lock: what requirements*.txt pin by hand, with all that it brings along, as files of exact versions and hashes.
# Versions that still fit stay as they are; `make lock UPGRADE=--upgrade` looks for newer ones.
set -eu

# Hashes make it safe to install from any index, so none is named. Both Pythons, one file.
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
