"""Ctrl-C ends every work soon: the median of five on one process each, which begins again after each."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import note

PREPARED = """
import itertools, signal, sys, time, torch, steer
# Whoever started this may ignore the signal, as shells do for what runs behind; that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
models, out = sys.argv[1:3]
ddn, flow, judge = (steer.load(f"{models}/{name}.safetensors")
                    for name in ("mnist_tree_ddn", "mnist_flow", "mnist_judge"))
few = {"train": {"loader": {"batch": 8}}}
SMALL = {"pyramid": {"start_size": 2, "widths": [8, 8], "layers": [1, 1], "candidates": [8],
                     "image_channels": 1}}
new = lambda: steer.new("ddn", SMALL)
runs = itertools.count()
def slow(x):
    time.sleep(1000)
def matter(x):
    return torch.stack([x.reshape(len(x), -1).square().mean(1) for _ in range(500)]).mean(0)
class Slow(torch.utils.data.Dataset):
    def __len__(self):
        return 10
    def __getitem__(self, i):
        time.sleep(1000)
"""

# What runs until it is interrupted; `call` is called again and again.
WORKS = {
    "sample": "lambda: flow.sample(8, steps=1000)",
    "sample of large batches": "lambda: flow.sample(64, steps=1000)",
    "sample of a ddn": "lambda: ddn.sample(64)",
    "guided by a network": "lambda: flow.sample(8, steps=1000, objective=steer.label(3, classifier=judge))",
    "chosen by a network": "lambda: ddn.sample(16, objective=steer.label(3, classifier=judge), beam=4)",
    "callback": "lambda: flow.sample(1, watch=slow)",
    "objective": "lambda: flow.sample(1, objective=steer.score(slow))",
    "objective that computes": "lambda: flow.sample(4, objective=steer.score(matter), steps=100)",
    "black box": "lambda: ddn.sample(1, objective=steer.score(slow, gradient=False))",
    "objective of a program": "lambda: ddn.sample(2, objective=\"program('sleep 1000')\", top=1)",
    "train": "lambda: steer.train(new(), torch.zeros(8, 1, 4, 4), f'{out}/run{next(runs)}', images=10**9,"
    " options=few)",
    "train on a data set": "lambda: steer.train(new(), Slow(), f'{out}/run{next(runs)}', images=10**9,"
    " options=few)",
    "evaluate": "lambda: steer.evaluate(flow, objective='gaussian()', n=4, batch=4, steps=1000)",
    "search": "lambda: steer.search(flow, 'gaussian()', out + '.json', samples=4, budget=64, "
    " method='halving', steps=100, guidance='dps')",
    "encode": "lambda: ddn.encode(torch.zeros(512, 1, 32, 32), beam=4)",
    "decode": "lambda: ddn.decode(torch.zeros(2048, 3, dtype=torch.int64))",
    "solve": "lambda: steer.solve(flow.denoiser(), (1, 32, 32), seeds=range(16), steps=1000)",
    "classify": "lambda: judge(torch.zeros(256, 1, 32, 32))",
}

ASKED_AGAIN = """
call = {call}
print("ready", flush=True)
for _ in range(5):
    try:
        while True:
            call()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize("what", WORKS)
def test_interruption(what: str, models: Path, tmp_path: Path) -> None:
    script = PREPARED + ASKED_AGAIN.format(call=WORKS[what])
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(models), str(tmp_path / "out")], stdout=subprocess.PIPE, text=True
    )
    took = []
    late = threading.Timer(120, process.kill)
    late.start()
    try:
        assert process.stdout.readline() == "ready\n"
        for i in range(5):
            time.sleep(0.35 + 0.03 * i)
            begin = time.perf_counter()
            process.send_signal(2)
            assert process.stdout.readline() == "interrupted\n"
            took.append(time.perf_counter() - begin)
        assert process.wait(20) == 0
    finally:
        late.cancel()
        process.kill()
    note(f"{what}: median {statistics.median(took):.3f} s, most {max(took):.3f} s")
    assert statistics.median(took) < 0.2, took


def test_what_a_handler_raises_comes_out(models: Path, tmp_path: Path) -> None:
    script = (
        PREPARED
        + """
import signal
class Enough(Exception): ...
def handler(number, frame):
    raise Enough("of it")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    while True:
        flow.sample(8, steps=1000)
except Enough as error:
    print(error)
print(tuple(ddn.sample(2).images.shape))
"""
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(models), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "of it\n(2, 1, 32, 32)\n", done.stderr


def test_a_run_that_was_interrupted_goes_on(models: Path, tmp_path: Path) -> None:
    script = (
        PREPARED
        + """
import signal, _thread, threading
model, data, options = new(), torch.zeros(64, 1, 4, 4), {"train": {"loader": {"batch": 8}}}
threading.Timer(0.4, _thread.interrupt_main).start()
try:
    steer.train(model, data, out, images=10**9, options=options)
except KeyboardInterrupt:
    seen = steer.load(out).images_seen
    done = steer.train(new(), data, out, images=seen + 80, options=options, resume=True)
    print(seen > 0 and done["images"] == seen + 80)
"""
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(models), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "True\n", done.stderr
