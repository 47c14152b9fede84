"""Says in one line what to do where another torch runs than the one that steer was built with."""

from __future__ import annotations

import re
from importlib import resources

import torch


def built_with() -> str:
    """The torch of the build, as 2.13.0; empty where nothing says so."""
    note = resources.files("steer").joinpath("_torch.txt")
    return note.read_text().strip() if note.is_file() else ""


def check() -> None:
    """ImportError where the torch that runs has another release than that of the build."""
    built = built_with()
    running = re.match(r"\d+\.\d+", torch.__version__)
    wanted = re.match(r"\d+\.\d+", built)
    if wanted and running and wanted[0] != running[0]:
        raise ImportError(
            f"[steer] expected torch {wanted[0]}, which this steer was built with, but got "
            f"{torch.__version__} in {torch.__file__}: pip install torch=={built}, or build steer again with "
            "pip install --no-cache-dir ."
        )
