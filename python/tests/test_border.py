"""Tensors, gradients, errors and threads at the border."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import threading
import time
import weakref
from pathlib import Path

import pytest
import torch
from conftest import note

import steer


def test_tensors_are_the_models_own(small: steer.DDN) -> None:
    name, weight = next(iter(small.named_parameters().items()))
    assert weight.data_ptr() == small.state_dict()[name].data_ptr()
    before = small.sample(1).images
    with torch.no_grad():
        for parameter in small.parameters():
            parameter.mul_(1.5)
    assert not torch.equal(before, small.sample(1).images)


def test_callables_get_gradients_as_words_do() -> None:
    x = torch.rand(2, 1, 8, 8, requires_grad=True)
    word = steer.gaussian(mean=0.3, std=0.5)
    own = steer.score(lambda y: -((y - 0.3) ** 2).flatten(1).sum(1) / (2 * 0.25))
    ours, theirs = torch.autograd.grad(word(x).sum(), x)[0], torch.autograd.grad(own(x).sum(), x)[0]
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_gradcheck() -> None:
    x = torch.rand(2, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    own = 0.5 * steer.score(lambda y: (y**3).flatten(1).sum(1)) - steer.score(
        lambda y: y.flatten(1).sin().sum(1)
    )
    assert torch.autograd.gradcheck(own, (x,))


def test_custom_autograd_function_guides(flow: steer.Diffusion) -> None:
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

        @staticmethod
        def backward(ctx: object, g: torch.Tensor) -> torch.Tensor:
            return 2 * g

    objective = steer.score(lambda x: Twice.apply(x).mean((1, 2, 3)))
    assert torch.isfinite(flow.sample(1, objective=objective, guidance="dps", steps=3).scores).all()


class Odd(Exception):
    """Of this test."""


def raises(x: torch.Tensor) -> torch.Tensor:
    raise Odd("mine")


@pytest.mark.parametrize("which", ["ddn", "flow"])
def test_exceptions_of_callables_come_out_unchanged(which: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(which)
    settings = {"steps": 3} if which == "flow" else {}
    for objective in (steer.score(raises), steer.score(raises, gradient=False)):
        with pytest.raises(Odd, match="mine") as caught:
            model.sample(1, objective=objective, **settings)
        assert "raises" in str(caught.traceback[-1])
    with pytest.raises(Odd):
        model.sample(1, watch=raises, **settings)


@pytest.mark.parametrize(
    ("function", "gradient", "said"),
    [
        (lambda x: None, True, "expected a torch.Tensor"),
        (lambda x: None, False, "got None"),
        (lambda x: x, True, "expected a score"),
        (lambda x: x.mean((1, 2, 3)) * math.nan, True, "NaN for sample 0"),
        (lambda x: x.mean((1, 2, 3)).detach(), True, "gradient=False"),
        (lambda x: torch.zeros(len(x) + 1), False, "one for each sample"),
    ],
)
def test_answers_of_callables_are_checked(
    flow: steer.Diffusion, function: object, gradient: bool, said: str
) -> None:
    with pytest.raises((steer.Error, TypeError), match=said):
        flow.sample(1, objective=steer.score(function, gradient=gradient), steps=3)


def test_wrong_arguments(ddn: steer.DDN) -> None:
    with pytest.raises(TypeError):
        ddn.sample(objective=raises)
    with pytest.raises(ValueError, match="seeds"):
        ddn.sample(3, seeds=[1, 2])
    with pytest.raises(steer.Error, match="did you mean|unknown"):
        ddn.sample(1, tup=3)
    with pytest.raises(steer.Error, match="no_such"):
        steer.load("no_such.safetensors")
    with pytest.raises(TypeError):
        ddn.encode("x")
    assert issubclass(steer.Error, RuntimeError)


def test_modules_in_training_mode_are_warned_of(ddn: steer.DDN) -> None:
    with pytest.warns(UserWarning, match="training mode"):
        steer.label(0, classifier=torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 3)))


def test_modes_of_torch_do_not_matter(flow: steer.Diffusion) -> None:
    bright = steer.score(lambda x: x.mean((1, 2, 3)))
    wanted = flow.sample(1, objective=bright, guidance="dps", steps=3).images
    for mode in (torch.no_grad(), torch.inference_mode(), torch.autocast("cpu", torch.bfloat16)):
        with mode:
            assert torch.equal(wanted, flow.sample(1, objective=bright, guidance="dps", steps=3).images)


def test_state_of_the_process_stays(small: steer.DDN, tmp_path: object) -> None:
    state = torch.random.get_rng_state()
    before = (torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled())
    steer.new("ddn", {}, seed=4)
    small.sample(2)
    steer.train(
        small,
        torch.zeros(8, 1, 8, 8),
        f"{tmp_path}/run",
        images=8,
        options={"train": {"loader": {"batch": 8}}},
    )
    assert before == (torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled())
    assert torch.equal(state, torch.random.get_rng_state())


def test_threads_sample_at_once(ddn: steer.DDN) -> None:
    wanted = [ddn.sample(1, seed=i).images for i in range(8)]
    found: dict[int, torch.Tensor] = {}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: ddn.sample(1, seed=i).images})) for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(wanted[i], found[i]) for i in range(8))


def test_other_threads_of_python_run_on(flow: steer.Diffusion) -> None:
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.002)

    thread = threading.Thread(target=tick)
    thread.start()
    flow.sample(8, steps=10)
    done.set()
    thread.join()
    gaps = [b - a for a, b in zip(ticks, ticks[1:], strict=False)]
    assert len(gaps) > 5 and sorted(gaps)[len(gaps) // 2] < 0.02


def test_objectives_are_freed_from_any_thread(ddn: steer.DDN) -> None:
    class Scorer:
        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((1, 2, 3))

    scorer = Scorer()
    gone = weakref.ref(scorer)
    objective = [steer.score(scorer)]
    del scorer
    sampler = threading.Thread(target=lambda: ddn.sample(4, objective=objective[0], watch=lambda m: True))
    sampler.start()
    time.sleep(0.01)
    dropper = threading.Thread(target=objective.clear)
    dropper.start()
    dropper.join()
    sampler.join()
    gc.collect()
    assert gone() is None


def test_a_model_whose_last_reference_is_dropped_meanwhile(models: Path) -> None:
    watched: list[int] = []
    dropping, dropped = threading.Event(), threading.Event()
    found: list[steer.Samples] = []

    def bright(x: torch.Tensor) -> torch.Tensor:
        dropping.set()
        dropped.wait(10)
        return x.mean((1, 2, 3))

    def watch(moment: steer.Moment) -> None:
        moment.sample()
        watched.append(moment.index)

    for name, settings in (("mnist_flow", {"steps": 3}), ("mnist_tree_ddn", {"top": 1})):
        dropping.clear(), dropped.clear(), watched.clear(), found.clear()
        held = [steer.load(models / f"{name}.safetensors")]
        wanted = held[0].sample(2, objective=steer.score(lambda x: x.mean((1, 2, 3))), **settings).images
        gone = weakref.ref(held[0])

        def draw(held: list = held, settings: dict = settings) -> None:
            found.append(held[0].sample(2, objective=steer.score(bright), watch=watch, **settings))

        sampler = threading.Thread(target=draw)
        sampler.start()
        assert dropping.wait(10)
        held.clear()
        gc.collect()
        dropped.set()
        sampler.join()
        assert torch.equal(found[0].images, wanted) and watched == [0, 1, 2]
        del sampler, draw
        gc.collect()
        assert gone() is None
        assert found[0].settings is not None and found[0]._repr_png_()


def test_what_is_made_of_a_model_keeps_it(models: Path) -> None:
    walk = steer.load(models / "mnist_tree_ddn.safetensors").walk()
    denoiser = steer.load(models / "mnist_flow.safetensors").denoiser()
    label = steer.label(3, classifier=steer.load(models / "mnist_judge.safetensors"))
    gc.collect()
    walk.choose(0)
    assert walk.finish(objective=label).scores.shape == (1,)
    assert denoiser(torch.zeros(1, 1, 32, 32), 1.0).shape == (1, 1, 32, 32)


def test_nothing_leaks(ddn: steer.DDN, small: steer.DDN) -> None:
    def resident() -> int:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024  # KiB

    x = torch.zeros(1, 1, 8, 8)

    def many(count: int) -> None:
        for _ in range(count):
            objective = 0.5 * steer.score(lambda y: y.flatten(1).sum(1)) + steer.gaussian(mean=0.1)
            objective(x)

    def all_doors(count: int) -> None:
        bright = steer.score(lambda y: y.mean((1, 2, 3)))
        for i in range(count):
            samples = small.sample(2, seed=i, objective=bright, top=2, watch=lambda m: None)
            small.decode(samples.code)
            small.encode(samples.images)
            small.sample(1, gradient=True).images.sum().backward()
            with contextlib.suppress(steer.Error):
                small.sample(1, no_such=1)

    for work, count in ((many, 10000), (all_doors, 500)):
        work(count // 5)
        before = resident()
        work(count)
        grown = resident() - before
        note(f"{count} calls of {work.__name__}: {grown} KiB more")
        assert grown < 4 * 1024


def test_a_call_costs_little() -> None:
    # By scores that cost nothing themselves: the least of many, as a busy machine slows most.
    nothing = torch.zeros(1)
    own = steer.score(lambda y: nothing, gradient=False)
    x = torch.zeros(1, 2)
    least = math.inf
    for _ in range(400):
        begin = time.perf_counter()
        own(x)
        least = min(least, time.perf_counter() - begin)
    assert least < 50e-6, least
