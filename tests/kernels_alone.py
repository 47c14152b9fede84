#!/usr/bin/env python3
"""Compiles steer's kernels for one kind of processor alone: kernels_alone.py BUILD ARCH OUT.so

The library takes the best of several versions of each kernel that the processor has (core/kernels.h). Preloaded,
OUT.so stands before them, so that a machine with AVX-512 computes as one without: ARCH is x86-64-v3 (AVX2) or
x86-64-v2. BUILD is a build with compile_commands.json.
"""

import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

build, arch, out = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
entries = json.loads((build / "compile_commands.json").read_text())
kernels = [entry for entry in entries if pathlib.Path(entry["file"]).stem.endswith(("_kernel", "_kernels"))]
if not kernels:
    sys.exit(f"{build}: expected kernels in compile_commands.json")
with tempfile.TemporaryDirectory() as work:
    objects = []
    for entry in kernels:
        made = f"{work}/{len(objects)}.o"
        command = shlex.split(entry["command"])
        command[command.index("-o") + 1] = made
        # The attribute that asks for several versions, taken away by its name.
        command += [f"-march={arch}", "-Dtarget_clones(...)="]
        subprocess.run(command, check=True, cwd=entry["directory"])
        objects.append(made)
    subprocess.run([command[0], "-shared", "-o", out, *objects], check=True)
