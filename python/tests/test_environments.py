"""Environments that are moved or copied: module and program find their torch there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import torch

import steer


def site_of(environment: Path) -> Path:
    return environment / Path(sysconfig.get_paths()["purelib"]).relative_to(sys.prefix)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own: the installed steer copied into it, torch from where it is."""
    installed = Path(steer.__file__).parent
    script = Path(sys.prefix) / "bin" / "steer"
    if not (installed / "bin" / "steer").is_file() or not script.is_file():
        pytest.skip("steer was not installed by pip")
    made = tmp_path_factory.mktemp("environment") / "first"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    site = site_of(made)
    shutil.copytree(installed, site / "steer")
    shutil.copy(installed.parent / "steer_program.py", site)
    shutil.copy(script, made / "bin" / "steer")
    (site / "torch_of_another.pth").write_text(f"{Path(torch.__file__).parents[1]}\n")
    return made


def said(command: list[str | Path], where: Path) -> str:
    # Nothing of the tests' own environment helps, and nothing where they stand either.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STEER", "PYTHON", "LD_", "VIRTUAL"))}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=where, env=kept)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(environment: Path, where: Path) -> None:
    script = "import steer; print(steer.build_info()['module'], steer.load('mnist_tree_ddn').sample(1).code)"
    module, code = said([environment / "bin" / "python", "-c", script], where).strip().split(" tensor", 1)
    assert Path(module).is_relative_to(environment)
    assert "tensor" + code == str(steer.load("mnist_tree_ddn").sample(1).code)
    for program in ([environment / "bin" / "steer"], [environment / "bin" / "python", "-m", "steer"]):
        assert steer.__version__ in said([*program, "--version"], where)
        out = where / "drawn.png"
        said([*program, "sample", "mnist_tree_ddn", "-n", "1", "-o", str(out), "--force"], where)
        assert out.read_bytes().startswith(b"\x89PNG")


def test_copied(environment: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy of it"
    shutil.copytree(environment, copy, symlinks=True)
    (tmp_path / "torch").mkdir()  # no torch for all its name
    check(copy, tmp_path)
    check(environment, tmp_path)


def test_moved(environment: Path, tmp_path: Path) -> None:
    copy = tmp_path / "before"
    shutil.copytree(environment, copy, symlinks=True)
    moved = tmp_path / "after"
    copy.rename(moved)
    link = tmp_path / "linked"
    link.symlink_to(moved / "bin" / "steer")
    check(moved, tmp_path)
    assert steer.__version__ in said([link, "--version"], tmp_path)
