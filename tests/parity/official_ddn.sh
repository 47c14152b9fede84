#!/usr/bin/env bash
# Compares steer's DDN with the official layer, split-and-prune and start features (the package sddn), which a
# virtual environment of its own gets. Prints a Markdown table; fails where a difference is above its bound.
# Usage: official_ddn.sh [BUILD] [OPTIONS OF official_ddn.py...]   (BUILD: a configured build folder, else build)
set -euo pipefail
here=$(realpath "$(dirname "$0")")
build=${1:-$here/../../build}
shift || true
venv=${STEER_PARITY_VENV:-$build/parity-venv}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q torch==2.13.0 numpy sddn==0.0.2
fi
cmake --build "$build" --target parity_ddn >&2
exec "$venv/bin/python" "$here/official_ddn.py" --side "$build/parity_ddn" "$@"
