#!/usr/bin/env bash
# Compares steer's byte-pair tokenizer with the tokenizers library of PyPI: pairs learned, texts read. Makes a
# Python environment with the library under out/ and prints a table. Usage: tokenizers.sh [TEXT]
set -euo pipefail
cd "$(dirname "$0")/../.."
text=${1:-../shared/data/text/tinyshakespeare.txt}
python=out/parity/bin/python
[ -x "$python" ] || python3 -m venv out/parity
"$python" -c 'import tokenizers' 2>/dev/null || "$python" -m pip install --quiet tokenizers >&2
cmake --preset release >/dev/null
cmake --build --preset release --target parity_text >&2
"$python" tests/parity/against_tokenizers.py build "$text"
