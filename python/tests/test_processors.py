"""A processor without AVX-512 draws the same within rounding.

STEER_AVX2_KERNELS names a library of kernels for AVX2 alone (tests/kernels_alone.py), which is preloaded.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import note

DRAWING = """
import sys, torch, steer
models, out = sys.argv[1:]
load = lambda name: steer.load(f"{models}/{name}.safetensors", precision="float32")
flow, ddn, judge, text = map(load, ("mnist_flow", "mnist_tree_ddn", "mnist_judge", "shakespeare"))
three = steer.label(3, classifier=judge)
images = ddn.sample(16).images
steered = flow.sample(4, steps=12, objective=three, guidance="dps")
molecules = load("molecules")
torch.save({
    "capability": steer.build_info()["capability"],
    "flow": flow.sample(8, steps=12).images,
    "guided": steered.images,
    "ddn": images,
    "decoded": ddn.decode(ddn.sample(16).code),
    "molecules": molecules.sample(2, steps=5).x,
    "logits": judge(images),
    "codes": ddn.encode(images).code,
    "chosen": ddn.sample(16, objective=three, top=1).code,
    "tokens": text.sample(2, steps=8).tokens,
    "bytes": ddn.code_bytes(ddn.sample(16).code),
}, out)
"""


@pytest.fixture(scope="module")
def kernels() -> str:
    library = os.environ.get("STEER_AVX2_KERNELS")
    if not library:
        pytest.skip("STEER_AVX2_KERNELS names no library of kernels")
    if "AVX" not in torch.backends.cpu.get_cpu_capability():
        pytest.skip("a processor without AVX2")
    return library


def drawn(models: Path, out: Path, **environment: str) -> dict:
    command = [sys.executable, "-c", DRAWING, str(models), str(out)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return torch.load(out, weights_only=True)


def test_avx2_draws_the_same_within_rounding(kernels: str, models: Path, tmp_path: Path) -> None:
    here = drawn(models, tmp_path / "here.pt")
    bindings = tmp_path / "bindings"
    there = drawn(
        models,
        tmp_path / "there.pt",
        LD_PRELOAD=kernels,
        ATEN_CPU_CAPABILITY="avx2",
        ONEDNN_MAX_CPU_ISA="AVX2",
        MKL_ENABLE_INSTRUCTIONS="AVX2",
        LD_DEBUG="bindings",
        LD_DEBUG_OUTPUT=str(bindings),
    )
    assert there["capability"] == "AVX2"
    # All kernels that were called were those of the library.
    taken = set()
    for file in tmp_path.glob("bindings.*"):
        for line in file.read_text(errors="replace").splitlines():
            found = re.search(r"libsteer\S* \[0\] to (\S+) \[0\]: normal symbol `(\S*7kernels\S*)'", line)
            if found:
                assert found[1] == kernels, line
                taken.add(found[2])
    assert len(taken) >= 4, taken
    apart = {}
    for name, wanted in here.items():
        if isinstance(wanted, torch.Tensor) and wanted.is_floating_point():
            apart[name] = float((there[name] - wanted).detach().abs().max())
    note(f"AVX2 beside {here['capability']}: {len(taken)} kernels, greatest differences {apart}")
    # In float32; by auto, processors with products of bfloat16 round convolutions otherwise.
    bounds = {"flow": 1e-4, "guided": 1e-3, "ddn": 1e-4, "decoded": 1e-4, "molecules": 1e-4, "logits": 1e-3}
    assert apart.keys() == bounds.keys()
    assert all(apart[name] < bounds[name] for name in bounds), apart
    for name in ("codes", "chosen", "tokens"):
        same = (here[name] == there[name]).float().mean()
        assert same > 0.97, (name, same)
    assert here["bytes"] == there["bytes"]
