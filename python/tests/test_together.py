"""Several processes that train one model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import SMALL_DDN, squares

import steer

LEARNING = """
import sys, torch, torch.distributed as dist, steer
rank, of, meeting, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=of)
batches = torch.load(out + "/batches.pt")
model = steer.new("ddn", {options}, seed=rank)
learner = steer.Learner(model, {{"rate": 1e-3}}, group=dist.group.WORLD)
share = batches.size(1) // of
figures = [learner.step(x[rank * share:(rank + 1) * share], seed=step) for step, x in enumerate(batches)]
torch.save({{"state": dict(model.state_dict()), "mse": [f["mse"].item() for f in figures],
            "images": learner.images, "code": model.sample(4).code}}, f"{{out}}/{{rank}}.pt")
dist.destroy_process_group()
"""


def test_two_processes_learn_one_model(tmp_path: Path) -> None:
    torch.save(torch.stack([squares(16, seed) for seed in range(12)]), tmp_path / "batches.pt")
    script = LEARNING.format(options=SMALL_DDN)
    arguments = [str(tmp_path / "meeting"), str(tmp_path)]
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(rank), "2", *arguments]) for rank in range(2)
    ]
    assert [process.wait(100) for process in processes] == [0, 0]
    a, b = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert a["images"] == b["images"] == 12 * 16 and a["mse"] == b["mse"]
    assert all(torch.equal(a["state"][name], b["state"][name]) for name in a["state"])
    assert torch.equal(a["code"], b["code"])
    # Half of the batch alone comes elsewhere, from the same weights.
    alone = steer.new("ddn", SMALL_DDN, seed=0)
    learner = steer.Learner(alone, {"rate": 1e-3})
    for step, x in enumerate(torch.load(tmp_path / "batches.pt")):
        learner.step(x[:8], seed=step)
    state = alone.state_dict()
    assert any(not torch.equal(state[name], a["state"][name]) for name in state)
    assert a["mse"][-1] < a["mse"][0]


def test_a_group_must_be_one() -> None:
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        steer.Learner(steer.new("ddn", SMALL_DDN), {}, group=object())
