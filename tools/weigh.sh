#!/bin/sh
# make weigh: the size of requirements.txt and of the container's packages, installed and byte-compiled.
set -eu
weigh() { # folder, what installs it
    folder=$1
    shift
    sh tools/uv.sh venv --quiet --clear --python .venv/bin/python "build/$folder"
    sh tools/uv.sh pip "$@" --quiet --python "build/$folder/bin/python" --compile-bytecode
    set -- $(du -sm "build/$folder")
    echo "$1 MB  $folder"
}
weigh plain install --requirement requirements.txt
weigh lean sync --require-hashes locks/container.txt
