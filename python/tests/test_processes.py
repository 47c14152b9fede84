"""Ctrl-C, forks, and imports in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

INTERRUPTED = """
import sys, time, torch, steer
flow = steer.load({flow!r})
def forever(call):
    print("ready", flush=True)
    try:
        while True:
            call()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
def slow(x):
    time.sleep(1000)
what = {what!r}
if what == "sample":
    forever(lambda: flow.sample(8, steps=1000))
elif what == "callback":
    forever(lambda: flow.sample(1, watch=slow))
elif what == "train":
    model = steer.new("ddn", {{"pyramid": {{"start_size": 2, "widths": [8, 8], "layers": [1, 1],
                               "candidates": [8], "image_channels": 1}}}})
    forever(lambda: steer.train(model, torch.zeros(8, 1, 4, 4), {out!r}, images=10**9,
                                options={{"train": {{"loader": {{"batch": 8}}}}}}))
elif what == "evaluate":
    forever(lambda: steer.evaluate(flow, objective="gaussian()", n=4, batch=4, steps=1000))
elif what == "search":
    forever(lambda: steer.search(flow, "gaussian()", {out!r} + ".json", samples=4, budget=64,
                                 method="halving", steps=100, guidance="dps"))
"""


@pytest.mark.parametrize("what", ["sample", "callback", "train", "evaluate", "search"])
def test_interruption(what: str, models: Path, tmp_path: Path) -> None:
    script = INTERRUPTED.format(
        flow=str(models / "mnist_flow.safetensors"), what=what, out=str(tmp_path / "run")
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.7)
    begin = time.perf_counter()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "interrupted\n"
    took = time.perf_counter() - begin
    process.wait(20)
    # A run that trains writes its checkpoint and pictures first; a busy machine takes longer.
    assert took < (2.0 if what == "train" else 0.6), took


def run(script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    return done.stdout + done.stderr


def test_import_before_torch() -> None:
    assert run("import steer; print(steer.__version__)").strip()


def test_fork_says_spawn_or_works(models: Path) -> None:
    script = f"""
import os, steer, torch
torch.set_num_threads(2)
model = steer.load({str(models / "mnist_tree_ddn.safetensors")!r})
wanted = model.sample(1).images
child = os.fork()
if child == 0:
    try:
        print("right" if torch.equal(model.sample(1).images, wanted) else "wrong", flush=True)
    except steer.Error as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
    said = run(script, OMP_NUM_THREADS="2")
    assert "spawn" in said or "right" in said


def test_another_torch_is_refused_in_one_line() -> None:
    script = """
import torch
torch.__version__ = "9.9.0"
try:
    import steer
except ImportError as error:
    print(error)
"""
    said = run(script)
    assert said.startswith("[steer] expected torch") and "9.9.0" in said and said.count("\n") == 1
