"""Several processes that train one model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

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


def started(script: str, out: Path) -> list[int]:
    """How two processes of a group end that work in a folder."""
    arguments = [str(out / "meeting"), str(out)]
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(rank), "2", *arguments]) for rank in range(2)
    ]
    return [process.wait(100) for process in processes]


def test_two_processes_learn_one_model(tmp_path: Path) -> None:
    torch.save(torch.stack([squares(16, seed) for seed in range(12)]), tmp_path / "batches.pt")
    assert started(LEARNING.format(options=SMALL_DDN), tmp_path) == [0, 0]
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
    with pytest.raises(TypeError, match="process group"):
        steer.Learner(steer.new("ddn", SMALL_DDN), {}, group=object())


# A run of each family, one that a watch of the second process ends, one that its Ctrl-C ends, one whose data
# fail there, and one that it dies in.
RUNS = """
import os, signal, sys, torch, torch.distributed as dist, steer
rank, of, meeting, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=of)
signal.signal(signal.SIGINT, signal.default_int_handler)
exec(open(out + "/asked.py").read())
ended = {}
def run(name, family, data=None, **more):
    model = new(family, rank)
    try:
        done = steer.train(model, data or samples(), f"{out}/{rank}/{name}", images=320, options=OPTIONS,
                           group=dist.group.WORLD, **more)
    except (Exception, KeyboardInterrupt) as error:
        done = f"{type(error).__name__}: {error}"
    ended[name] = {"done": done, "state": {n: t.detach() for n, t in model.state_dict().items()}}
for family in ("ddn", "diffusion", "classifier"):
    run(family, family)
steps = []
def five(moment):
    steps.append(1)
    return rank == 0 or len(steps) < 5
run("watched", "ddn", watch=five)
def interrupted(moment):
    steps.append(1)
    if rank == 1 and len(steps) == 12:
        os.kill(os.getpid(), signal.SIGINT)
steps.clear()
run("interrupted", "ddn", watch=interrupted)
class Torn:
    def __len__(self):
        return 50
    def __getitem__(self, i):
        if rank == 1 and i == 30:
            raise ValueError("sample 30 is torn")
        return samples()[0][i]
run("torn", "ddn", data=Torn())
def dying(moment):
    steps.append(1)
    if rank == 1 and len(steps) == 4:
        torch.save(ended, f"{out}/1.pt")
        os._exit(9)
steps.clear()
run("killed", "ddn", watch=dying)
torch.save(ended, f"{out}/{rank}.pt")
os._exit(0)
"""

ASKED = f"""
import torch, steer
SPLITTING = {SMALL_DDN | {"split": {"half_life_images": 60, "most": 2}}}
UNET = {{"sample_size": 8, "block_out_channels": [8, 8], "layers_per_block": 1, "norm_num_groups": 4,
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
        "up_block_types": ["AttnUpBlock2D", "UpBlock2D"]}}
MODELS = {{"ddn": SPLITTING, "diffusion": {{"unet": UNET, "classes": 4}},
          "classifier": {{"network": {{"size": 8, "channels": 1, "widths": [8, 8], "classes": 4,
                                     "dropout": 0}}}}}}
OPTIONS = {{"train": {{"loader": {{"batch": 16}}, "log_every_steps": 5, "grid_minutes": 0, "ramp_images": 0,
                     "adam": {{"epsilon": 1e-2}}}}}}
def new(family, seed):
    return steer.new(family, MODELS[family], seed=seed, precision="float32")
def samples():
    # Of few large parts: images of noise are all nearly as near to each candidate, so that rounding decides.
    x = torch.rand(50, 1, 2, 2, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return x.repeat_interleave(4, 2).repeat_interleave(4, 3), torch.arange(50) % 4
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """The folder of two processes' runs, and what each had at the end."""
    out = tmp_path_factory.mktemp("together")
    (out / "asked.py").write_text(ASKED)
    assert started(RUNS, out) == [0, 9]
    return out, [torch.load(out / f"{rank}.pt") for rank in range(2)]


def alone(out: Path, family: str, folder: Path, **more: Any) -> tuple[steer.Model, dict[str, Any]]:
    """The run of a family by this process, and its figures."""
    asked: dict[str, Any] = {}
    exec((out / "asked.py").read_text(), asked)
    model = asked["new"](family, 0)
    done = steer.train(model, asked["samples"](), folder, images=320, options=asked["OPTIONS"], **more)
    return model, done


def assert_near(state: dict[str, torch.Tensor], model: steer.Model) -> None:
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(state[name], tensor.detach(), rtol=1e-5, atol=1e-5, msg=name)


@pytest.mark.parametrize("family", ["ddn", "diffusion", "classifier"])
def test_a_run_of_two_is_the_run_of_one(family: str, runs: tuple[Path, list[Any]], tmp_path: Path) -> None:
    out, (first, second) = runs
    a, b = first[family], second[family]
    assert all(torch.equal(a["state"][name], b["state"][name]) for name in a["state"])
    whole, figures = alone(out, family, tmp_path / "run")
    assert_near(a["state"], whole)
    for done in (a["done"], b["done"]):
        assert done["images"] == 320 and done["steps"] == 20 and not done["interrupted"]
        for name in figures.keys() - {"seconds"}:
            assert done[name] == pytest.approx(figures[name], abs=1e-4)
    assert a["done"].get("splits") == b["done"].get("splits")


def test_the_first_process_alone_writes(runs: tuple[Path, list[Any]]) -> None:
    out = runs[0]
    assert not (out / "1").exists()
    assert {path.name for path in (out / "0" / "ddn").iterdir()} >= {"model.safetensors", "log.jsonl"}
    assert len((out / "0" / "ddn" / "log.jsonl").read_text().splitlines()) == 4


def test_a_watch_of_one_ends_both_and_one_process_goes_on(
    runs: tuple[Path, list[Any]], tmp_path: Path
) -> None:
    out, ended = runs
    for each in ended:
        done = each["watched"]["done"]
        assert done["interrupted"] and done["steps"] == 4
    resumed, done = alone(out, "ddn", out / "0" / "watched", resume=True)
    assert done["steps"] == 20
    assert_near(ended[0]["ddn"]["state"], resumed)


def test_what_ends_one_process_ends_the_other(runs: tuple[Path, list[Any]]) -> None:
    out, (first, second) = runs
    assert first["interrupted"]["done"]["interrupted"] and second["interrupted"]["done"].startswith(
        "Keyboard"
    )
    assert steer.load(out / "0" / "interrupted").images_seen == first["interrupted"]["done"]["images"]
    assert second["torn"]["done"] == "ValueError: sample 30 is torn"
    assert first["torn"]["done"].startswith(
        "Error: [train] expected 2 processes to go on but 1 of them failed"
    )
    killed = first["killed"]["done"]
    assert killed.startswith("Error: [group] expected a sum over 2 processes") and "\n" not in killed
