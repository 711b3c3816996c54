#!/bin/sh
# make space: copies the files of a Hugging Face Space into build/space. SDK=gradio or docker.
set -eu
sdk=${1:-gradio} folder=${2:-build/space}
parts="app.py assets docs README.zh.md LICENCES.md meitu_demo"
case $sdk in
gradio) parts="$parts requirements.txt packages.txt" head= ;;
docker) parts="$parts Dockerfile .dockerignore locks"
    head='s/^sdk: gradio$/sdk: docker/; s/^app_file: .*/app_port: 7860/; /^sdk_version: /d; /^python_version: /d' ;;
*) echo "SDK is gradio or docker, not $sdk" >&2; exit 1 ;;
esac
rm -rf "$folder"
mkdir -p "$folder"
cp -R $parts "$folder"
find "$folder" \( -name __pycache__ -o -name '*.pyi' \) -prune -exec rm -rf {} +
sed "$head" README.md >"$folder/README.md"
echo "$folder is ready for a Space with the SDK $sdk"
