#!/bin/sh
# Installs what the browser tests need (Chromium, Chinese fonts, and a library of Playwright's driver) if run as root on
# Debian; otherwise prints what is missing.
set -eu
missing=
have() { command -v "$1" >/dev/null 2>&1; }
have chromium || have chromium-browser || have google-chrome || missing="$missing chromium"
if have dpkg; then
    for package in libatomic1 fonts-noto-cjk; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && have apt-get; then
    echo "Installing for the browser tests (once):$missing"
    apt-get update -q >/dev/null
    # shellcheck disable=SC2086 # one word each
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
    exit 0
fi
echo "The browser tests need more. On Debian or Ubuntu: sudo apt-get install$missing" >&2
exit 1
