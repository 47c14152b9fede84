#!/usr/bin/env bash
# Compares steer's transformer with GPT-2 of the transformers library and with a plain PyTorch DDiT (MDLM with
# and without time conditioning), random weights of several shapes: the largest difference of logits. Makes a
# Python environment with the library under out/.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=out/parity/bin/python
[ -x "$python" ] || python3 -m venv out/parity
"$python" -c 'import transformers, torch, safetensors' 2>/dev/null ||
  "$python" -m pip install --quiet torch==2.13.0 transformers safetensors numpy >&2
cmake --preset release >/dev/null
cmake --build --preset release --target parity_text >&2
"$python" tests/parity/against_transformers.py build
