"""Writes the code of notebooks as Python files: notebook_code.py FOLDER OUT."""

import json
import pathlib
import sys

folder, out = map(pathlib.Path, sys.argv[1:3])
out.mkdir(parents=True, exist_ok=True)
for path in sorted(folder.glob("*.ipynb")):
    cells = json.loads(path.read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    (out / f"{path.stem}.py").write_text("\n\n".join(code) + "\n")
