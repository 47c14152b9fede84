#!/usr/bin/env bash
# Compares steer with the diffusers library of PyPI: networks, samplers, defaults, folders there and back. Makes
# a Python environment with the library under out/, builds steer_parity beside build/steer and prints a table.
# Usage: diffusers.sh [PYTHON] (from anywhere; PYTHON is one that has the library already)
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-}
if [ -z "$python" ]; then
  python=out/parity/bin/python
  [ -x "$python" ] || python3 -m venv out/parity
  "$python" -c 'import diffusers, scipy' 2>/dev/null ||
    "$python" -m pip install --quiet torch==2.13.0 diffusers==0.42.1 safetensors scipy >&2
fi
cmake --preset release >/dev/null
cmake --build --preset release --target steer_parity steer_program >&2
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
"$python" tests/parity/against_diffusers.py build
