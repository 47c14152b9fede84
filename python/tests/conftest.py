"""What the tests share: models that ship, and small ones of their own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

import steer

SMALL_DDN = {
    "pyramid": {
        "start_size": 2,
        "widths": [8, 8, 8],
        "layers": [1, 2, 2],
        "candidates": [8],
        "image_channels": 1,
    }
}


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of models that ship."""
    share = os.environ.get("STEER_SHARE")
    folder = Path(share) / "models" if share else Path(steer.__file__).parent / "models"
    if not folder.is_dir():
        pytest.skip("no shipped models: STEER_SHARE names their folder")
    return folder


@pytest.fixture(scope="session")
def program() -> str:
    """The steer program that came with the module, or STEER_PROGRAM."""
    path = os.environ.get("STEER_PROGRAM") or shutil.which("steer")
    if not path:
        pytest.skip("no steer program")
    return path


@pytest.fixture(scope="session")
def ddn(models: Path) -> steer.DDN:
    return steer.load(models / "mnist_tree_ddn.safetensors")


@pytest.fixture(scope="session")
def flow(models: Path) -> steer.Diffusion:
    return steer.load(models / "mnist_flow.safetensors")


@pytest.fixture(scope="session")
def judge(models: Path) -> steer.Classifier:
    return steer.load(models / "mnist_judge.safetensors")


@pytest.fixture()
def small() -> steer.DDN:
    """A fresh DDN of images 1x8x8."""
    return steer.new("ddn", SMALL_DDN, seed=1)


def note(line: str) -> None:
    """Writes down what was measured, where STEER_TIMES names a file for it."""
    if log := os.environ.get("STEER_TIMES"):
        with open(log, "a") as file:
            file.write(line + "\n")


def squares(count: int, seed: int = 0) -> torch.Tensor:
    """Images [count, 1, 8, 8]: a white square on black."""
    generator = torch.Generator().manual_seed(seed)
    images = -torch.ones(count, 1, 8, 8)
    for image in images:
        top, left = torch.randint(0, 5, (2,), generator=generator).tolist()
        image[:, top : top + 4, left : left + 4] = 1
    return images
