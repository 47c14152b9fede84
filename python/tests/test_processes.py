"""Forks, and imports in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(script: str, seconds: float = 60, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**os.environ, **environment},
    )
    return done.stdout + done.stderr


def test_import_before_torch() -> None:
    assert run("import steer; print(steer.__version__)").strip()


@pytest.mark.parametrize(("threads", "wanted"), [(1, "right\n"), (2, "spawn\n")])
@pytest.mark.parametrize("start", ["os.fork", "multiprocessing"])
def test_a_fork_after_a_sample(start: str, threads: int, wanted: str, models: Path) -> None:
    script = f"""
import multiprocessing, os, steer, torch
torch.set_num_threads({threads})
model = steer.load({str(models / "mnist_flow.safetensors")!r})
images = model.sample(2, steps=3).images
def child():
    try:
        same = torch.equal(model.sample(2, steps=3).images, images)
        print("right" if same else "wrong", flush=True)
    except steer.Error as error:
        line = str(error)
        print("spawn" if "spawn" in line and "\\n" not in line else line, flush=True)
if {start!r} == "os.fork":
    one = os.fork()
    if one == 0:
        child()
        os._exit(0)
    os.waitpid(one, 0)
else:
    one = multiprocessing.get_context("fork").Process(target=child)
    one.start()
    one.join()
"""
    assert run(script, 20, OMP_NUM_THREADS=str(threads)) == wanted


def test_a_fork_before_the_first_sample_works(models: Path) -> None:
    script = f"""
import os, steer, torch
torch.set_num_threads(2)
if os.fork() == 0:
    model = steer.load({str(models / "mnist_tree_ddn.safetensors")!r})
    print(tuple(model.sample(2).images.shape), flush=True)
    os._exit(0)
os.wait()
"""
    assert run(script, 20, OMP_NUM_THREADS="2") == "(2, 1, 32, 32)\n"


def test_a_spawned_process_draws_the_same(models: Path, tmp_path: Path) -> None:
    script = tmp_path / "spawned.py"
    script.write_text(f"""
import multiprocessing, steer, torch
def drawn(seed):
    return steer.load({str(models / "mnist_tree_ddn.safetensors")!r}).sample(1, seed=seed).images.tolist()
if __name__ == "__main__":
    here = [drawn(0), drawn(1)]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(drawn, [0, 1]) == here)
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\n", done.stderr


STATE = """
import os, torch
torch.set_num_threads(3)
torch.set_num_interop_threads(2)
torch.set_default_dtype(torch.{dtype})
torch.manual_seed(7)
torch.use_deterministic_algorithms({exact})
def state():
    small = torch.tensor(1e-39, dtype=torch.float32) * 1
    return (torch.get_num_threads(), torch.get_num_interop_threads(), torch.get_default_dtype(),
            torch.random.get_rng_state().tolist(), torch.is_grad_enabled(), torch.is_inference_mode_enabled(),
            torch.are_deterministic_algorithms_enabled(), float(small) > 0, torch.is_autocast_enabled("cpu"),
            torch.backends.mkldnn.enabled, torch.get_float32_matmul_precision(), dict(os.environ))
before = state()
import steer
assert state() == before, "import"
load = lambda name: steer.load({models!r} + "/" + name + ".safetensors")
flow, ddn = load("mnist_flow"), load("mnist_tree_ddn")
assert state() == before, "load"
images = [flow.sample(2, steps=4).images, ddn.sample(2).images,
          flow.sample(2, steps=4, objective=steer.score(lambda x: x.mean((1, 2, 3))), guidance="dps").images]
assert state() == before, "sample"
small = steer.new("ddn", {{"pyramid": {{"start_size": 2, "widths": [8, 8], "layers": [1, 1],
                                     "candidates": [8], "image_channels": 1}}}})
steer.train(small, torch.zeros(8, 1, 4, 4, dtype=torch.float32), {out!r}, images=32,
            options={{"train": {{"loader": {{"batch": 8}}}}}})
assert state() == before, "train"
steer.evaluate(flow, objective="gaussian()", n=2, batch=2, steps=2)
small.encode(torch.zeros(2, 1, 4, 4))
assert state() == before, "evaluate"
print([x.dtype for x in images], [float(x.double().sum()) for x in images])
"""


def test_state_of_torch_is_nobodys_but_the_callers(models: Path, tmp_path: Path) -> None:
    said = [
        run(STATE.format(dtype=dtype, exact=exact, models=str(models), out=str(tmp_path / dtype)))
        for dtype, exact in (("float32", False), ("float64", True))
    ]
    assert said[0].startswith("[torch.float32, torch.float32, torch.float32]"), said[0]
    assert said[0] == said[1]


def test_another_torch_is_refused_in_one_line(tmp_path: Path) -> None:
    package = tmp_path / "torch"
    package.mkdir()
    (package / "__init__.py").write_text('__version__ = "9.9.0"\n')
    script = """
try:
    import steer
except ImportError as error:
    print(error)
"""
    before = os.environ.get("PYTHONPATH", "")
    said = run(script, PYTHONPATH=os.pathsep.join([str(tmp_path), *([before] if before else [])]))
    assert said.startswith("[steer] expected torch") and "9.9.0" in said and said.count("\n") == 1
    assert str(package) in said and "pip install" in said


def test_the_torch_that_runs_is_the_one_imported(tmp_path: Path) -> None:
    import torch

    # Another torch of the same release on this machine, first on the path.
    here = Path(torch.__file__).parent
    subprocess.run(["cp", "-rs", str(here), str(tmp_path / "torch")], check=True)
    script = "import json, steer, torch; print(json.dumps({**steer.build_info(), 'file': torch.__file__}))"
    before = os.environ.get("PYTHONPATH", "")
    for paths, folder in (([], here), ([str(tmp_path)], tmp_path / "torch")):
        said = run(script, PYTHONPATH=os.pathsep.join([*paths, *([before] if before else [])]))
        info = json.loads(said.strip().splitlines()[-1])
        assert Path(info["file"]).parent == folder
        library = Path(os.path.normpath(info["torch_library"]))
        assert library.parent == folder / "lib", info
        assert info["torch"].startswith(info["built_with_torch"]) and info["torch"] == torch.__version__


def test_another_library_than_the_imported_ones_is_refused(tmp_path: Path) -> None:
    from steer import _build

    (tmp_path / "libtorch_cpu.so").write_text("")
    with pytest.raises(ImportError, match="LD_LIBRARY_PATH") as caught:
        _build.check_library(str(tmp_path / "libtorch_cpu.so"))
    assert "\n" not in str(caught.value)
    _build.check_library("")
