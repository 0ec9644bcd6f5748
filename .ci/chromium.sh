#!/usr/bin/env bash
# The browser tests need a Chromium; without one they are skipped, aloud.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf '== installing chromium for the browser tests\n' >&2
    if apt-get update -q && apt-get install -q -y --no-install-recommends chromium; then exit 0; fi
fi
printf '== no Chromium: the browser tests will be skipped. On Debian, as root: apt-get install chromium\n' >&2
