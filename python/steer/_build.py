"""Says in one line what to do where another torch runs than the one that steer was built with."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Any

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


def check_library(library: str) -> None:
    """ImportError where the module computes with another libtorch than the torch that was imported."""
    # Packages of a system keep it elsewhere.
    expected = Path(torch.__file__).parent / "lib" / Path(library).name
    if library and expected.is_file() and not expected.samefile(library):
        raise ImportError(
            f"[steer] expected {expected}, the library of the torch that was imported, but this process "
            f"computes with {library}: take that out of LD_LIBRARY_PATH and LD_PRELOAD"
        )


def build_info() -> dict[str, Any]:
    """What steer was built from and what it runs with, as a dict of str.

    version and commit of steer, built_with_torch (its release), torch (the release that runs),
    torch_library (the file that this process computes with), capability (the processor's instructions that
    torch takes), module (the file of the C++ module).
    """
    from steer import _steer

    return {
        "version": _steer.__version__,
        "commit": _steer.source_commit,
        "built_with_torch": _steer.built_with_torch,
        "torch": torch.__version__,
        "torch_library": _steer._torch_library(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "module": _steer.__file__,
    }
