#!/usr/bin/env bash
# Makes the virtual environment: .ci/install.sh PYTHON VENV STAMP
# STAMP's name carries a hash of what is to be installed; while it exists, nothing is to be done.
set -euo pipefail

python=$1 venv=$2 stamp=$3
constraints=.ci/constraints.txt

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
version_of() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])'; }

command -v "$python" >/dev/null || fail "no $python here. Install Python 3.10 or newer, or name it: make PYTHON=python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
    || fail "$python is $(version_of "$python"); etscope needs 3.10 or newer: make PYTHON=python3.12"

if [ -x "$venv/bin/python" ] && [ "$(version_of "$venv/bin/python")" != "$(version_of "$python")" ]; then
    say "$venv has Python $(version_of "$venv/bin/python"), wanted is $(version_of "$python"): making it anew"
    rm -rf "$venv"
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian keeps both in a package of their own.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing python3-venv"
        apt-get update -q && apt-get install -q -y --no-install-recommends python3-venv
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null \
        || fail "$python has no venv module. On Debian, as root: apt-get install python3-venv"
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
rm -f "$venv"/installed-*

torch=$(grep '^torch==' "$constraints")
say "installing $torch (first, so that nothing else chooses another build of it)"
pip install -q "$torch" || fail "$torch could not be installed for Python $(version_of "$python"); see the lines above"

runtime=$(grep '^executorch==' "$constraints")
extras=executorch,dev
say "installing $runtime"
if ! pip install -q -c "$constraints" "$runtime"; then
    extras=dev
    say "$runtime could not be installed for Python $(version_of "$python"); see the lines above."
    say "Going on WITHOUT it: models run on the reference runtime, and the tests that need the"
    say "real one are skipped. To try again: make clean, then make test"
fi

say "installing etscope and the tools"
pip install -q -c "$constraints" -e ".[$extras]"
touch "$stamp"
