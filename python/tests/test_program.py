"""What Python draws is what the program draws, bit for bit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy
import pytest
from PIL import Image

import steer

LABEL = "label(3, classifier={judge})"


@pytest.mark.parametrize(
    ("model", "flags", "asked"),
    [
        ("mnist_tree_ddn", ["-n", "6", "--seed", "3"], {"n": 6, "seed": 3}),
        ("mnist_tree_ddn", ["--seed", "3,9,20:22"], {"seeds": [3, 9, 20, 21]}),
        ("mnist_class_ddn", ["-n", "4", "--label", "3,5"], {"n": 4, "label": [3, 5]}),
        ("mnist_flow", ["-n", "4", "--steps", "6"], {"n": 4, "steps": 6}),
        ("mnist_tree_ddn", ["-n", "3", "--objective", LABEL, "--particles", "4"], {"n": 3, "particles": 4}),
        ("mnist_tree_ddn", ["-n", "2", "--objective", LABEL, "--beam", "3"], {"n": 2, "beam": 3}),
        ("mnist_flow", ["-n", "3", "--objective", LABEL, "--steps", "5", "--method", "dps"],
         {"n": 3, "steps": 5, "guidance": "dps"}),
        ("mnist_flow", ["-n", "3", "--objective", "gaussian()", "--steps", "6"], {"n": 3, "steps": 6}),
    ],
)  # fmt: skip
def test_samples_are_the_programs(
    model: str, flags: list[str], asked: dict, program: str, models: Path, tmp_path: Path
) -> None:
    flags = [flag.format(judge=models / "mnist_judge.safetensors") for flag in flags]
    path = models / f"{model}.safetensors"
    work = "sample"
    if "--objective" in flags:
        work = "guide"
        asked = {**asked, "objective": flags[flags.index("--objective") + 1]}
    steer.load(path).sample(**asked).save(tmp_path / "python.png")
    threads = ["--threads", "1"]
    subprocess.run(
        [program, work, path, *flags, "-o", tmp_path / "program.png", *threads],
        check=True,
        capture_output=True,
    )
    ours, theirs = Image.open(tmp_path / "python.png"), Image.open(tmp_path / "program.png")
    assert numpy.array_equal(numpy.asarray(ours), numpy.asarray(theirs))
    assert json.loads(ours.text["steer"]) == json.loads(theirs.text["steer"])


def test_recipes_repeat_what_python_drew(program: str, ddn: steer.DDN, tmp_path: Path) -> None:
    ddn.sample(2, seed=8).save(tmp_path / "a.png")
    subprocess.run(
        [program, "again", tmp_path / "a.png", "-o", tmp_path / "b.png"], check=True, capture_output=True
    )
    a, b = (numpy.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png"))
    assert numpy.array_equal(a, b)
