"""The uses that the module was made for, one test each."""

from __future__ import annotations

import base64
import json
import wave
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import SMALL_DDN, squares

import steer


def test_train(tmp_path: Path) -> None:
    model = steer.new("ddn", SMALL_DDN)
    done = steer.train(
        model, squares(32), tmp_path / "run", images=64, options={"train": {"loader": {"batch": 16}}}
    )
    assert done["images"] == 64 and not done["interrupted"]
    again = steer.load(tmp_path / "run")
    assert torch.equal(again.sample(3).images, model.sample(3).images)
    with pytest.raises(steer.Error, match="did you mean"):
        steer.train(model, squares(32), tmp_path / "b", images=8, options={"train": {"rte": 1}})


def test_train_on_data_sets_and_iterables(tmp_path: Path, small: steer.DDN) -> None:
    class Squares:
        classes = ["a", "b"]

        def __len__(self) -> int:
            return 20

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            return squares(1, index)[0], index % 2

    options = {"train": {"loader": {"batch": 8}}}
    assert steer.train(small, Squares(), tmp_path / "a", images=16, options=options)["images"] == 16
    batches = ((squares(4, i), torch.zeros(4, dtype=torch.int64)) for i in range(4))
    assert steer.train(small, batches, tmp_path / "b", images=16, options=options)["steps"] == 2


def test_sample(ddn: steer.DDN) -> None:
    samples = ddn.sample(4, seed=5)
    assert samples.images.shape == (4, *ddn.shape) and samples.code.shape == (4, ddn.depth)
    assert torch.equal(ddn.sample(seeds=[6, 7]).images, samples.images[1:3])
    assert samples.recipe["seeds"] == [5] and len(samples) == 4
    assert samples._repr_png_().startswith(b"\x89PNG")


def test_callable_with_gradient(flow: steer.Diffusion) -> None:
    bright = steer.score(lambda x: -((x.mean((1, 2, 3)) - 0.3) ** 2) * 1000)
    steered = flow.sample(3, objective=bright, guidance="tfg", steps=8)
    assert steered.scores.mean() > bright(flow.sample(3)).mean()


@pytest.mark.parametrize("which", ["ddn", "flow"])
def test_black_box(which: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(which)
    ink = steer.score(lambda x: [float(v) for v in x.mean((1, 2, 3))], gradient=False, name="ink")
    settings = {"steps": 6} if which == "flow" else {}
    steered = model.sample(2, objective=ink, particles=4, **settings)
    assert steered.scores.mean() >= ink(model.sample(2)).mean() - 0.05
    assert steered.recipe is None


def test_module_and_tensor(ddn: steer.DDN, judge: steer.Classifier) -> None:
    wanted = 0.5 * steer.label(3, classifier=judge) + steer.inpaint(ddn.sample(1).images, mask="left")
    assert wanted.words.startswith("0.5*label(3")
    samples = ddn.sample(2, objective=wanted, top=1)
    assert torch.allclose(samples.scores, wanted(samples.images), atol=1e-4)


class StandInUNet(torch.nn.Module):
    """What diffusers' UNet2DModel looks like from outside; predicts the noise of data that are all zeros."""

    def __init__(self, table: torch.Tensor) -> None:
        super().__init__()
        self.table = table

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> object:
        kept = self.table.to(x.dtype)[t.long().clamp(0, len(self.table) - 1)].reshape(-1, 1, 1, 1)
        return type("Output", (), {"sample": x / (1 - kept).sqrt()})()


class StandInScheduler:
    def __init__(self) -> None:
        self.alphas_cumprod = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)
        self.config = {"prediction_type": "epsilon"}


def test_diffusers_network() -> None:
    scheduler = StandInScheduler()
    denoiser = steer.from_diffusers(StandInUNet(scheduler.alphas_cumprod).eval(), scheduler)
    plain = steer.solve(denoiser, (3, 8, 8), seeds=range(2), steps=12)
    assert plain.x.shape == (2, 3, 8, 8) and plain.x.abs().max() < 0.05
    known = torch.zeros(3, 8, 8)
    guided = steer.solve(
        denoiser,
        (3, 8, 8),
        seeds=range(2),
        steps=12,
        objective=steer.inpaint(known, mask="left"),
        guidance="pigdm",
    )
    assert guided.scores.shape == (2,) and guided.x.abs().max() < 0.1


def test_codes(ddn: steer.DDN) -> None:
    images = ddn.sample(5, seed=1).images
    found = ddn.encode(images)
    assert torch.equal(ddn.decode(found.code), found.images)
    data = ddn.code_bytes(found.code)
    assert torch.equal(ddn.code_from_bytes(data), found.code)
    assert found.error.shape == (5, ddn.depth)
    for damaged in (data[:-1], b"", data[:10] + bytes([data[10] ^ 255]) + data[11:]):
        with pytest.raises(steer.Error):
            ddn.code_from_bytes(damaged)


def test_walk(ddn: steer.DDN) -> None:
    ink = steer.score(lambda x: x.mean((1, 2, 3)))
    walk = ddn.walk(seed=3)
    assert walk.image is None
    candidates = walk.candidates()
    assert candidates.shape[:2] == (1, ddn.K[0])
    walk.choose(walk.scores(ink).argmax())
    other = walk.copy()
    best = walk.finish(objective=ink)
    assert best.code[0, 0] == walk.code[0, 0] and walk.layer == 1
    walk.back(0)
    assert walk.code.shape == (1, 0) and other.layer == 1
    assert best.scores[0] >= ink(walk.finish().images)[0]
    assert torch.equal(ddn.decode(best.code), best.images)
    while walk.layer < walk.depth:
        walk.choose(0)
    with pytest.raises(steer.Error, match="nothing is left"):
        walk.candidates()


def test_presets_by_name(tmp_path: Path, flow: steer.Diffusion, models: Path) -> None:
    shipped = steer.shipped()
    assert "label" in shipped["mnist_flow"] and shipped["mnist_judge"] == []
    file = models / "presets" / "mnist_flow.label.json"
    preset = json.loads(file.read_text())
    asked: dict[str, Any] = {"objective": "gaussian(mean=-0.6)", "watch": False}
    named = flow.sample(1, preset="label", **asked)
    rho = preset["guidance"]["climb"]["rho"]
    assert named.settings["guidance"]["climb"]["rho"] == rho
    for same in (file, preset):
        assert torch.equal(flow.sample(1, preset=same, **asked).images, named.images)
    assert torch.equal(steer.load("mnist_flow").sample(1, guidance=preset, **asked).images, named.images)
    assert not torch.equal(flow.sample(1, **asked).images, named.images)
    for call in (flow.sample, steer.evaluate):
        with pytest.raises(steer.Error, match=r"that ships for it: .*label") as caught:
            call(*([] if call == flow.sample else [flow]), preset="labels", **asked)
        assert "\n" not in str(caught.value)
    with pytest.raises(steer.Error, match="none ships for it"):
        steer.load("mnist_tree_ddn").sample(1, preset="label")


def test_evaluate_search_compare(tmp_path: Path, flow: steer.Diffusion, models: Path) -> None:
    found = steer.evaluate(flow, objective="gaussian(mean=-0.6)", n=4, batch=4, steps=4, watch=False)
    assert found["samples"] == 4 and "score_mean" in found
    preset = steer.search(
        flow,
        "gaussian(mean=-0.6)",
        tmp_path / "p.json",
        samples=2,
        budget=4,
        method="halving",
        steps=3,
        guidance="dps",
    )
    steered = flow.sample(2, objective="gaussian(mean=-0.6)", guidance=preset)
    assert "guidance" in steered.settings
    plan = {
        "tasks": [{"name": "grey", "objective": "gaussian(mean=-0.6)", "count": 2, "batch": 2}],
        "methods": {"unguided": {"method": "unguided"}},
    }
    figures = steer.compare({"flow": flow}, plan, tmp_path / "report")
    assert (tmp_path / "report" / "index.html").is_file() and figures


def test_functions_are_evaluated_searched_and_compared(tmp_path: Path, flow: steer.Diffusion) -> None:
    calls: list[int] = []

    def grey(x: torch.Tensor) -> torch.Tensor:
        calls.append(len(x))
        return -(x + 0.6).square().flatten(1).sum(1) / 2

    wish, settings = steer.score(grey), {"n": 4, "batch": 4, "steps": 4, "guidance": "dps"}
    found = steer.evaluate(flow, objective=wish, **settings)
    assert found["objective"] == "grey()" and calls
    alike = flow.sample(objective=wish, **settings).scores.mean().item()
    assert found["score_mean"] == pytest.approx(alike, rel=1e-4)
    word = "gaussian(mean=-0.6, std=1)"
    both = steer.evaluate(flow, objective=0.5 * wish - 2 * steer.score(grey) + word, n=2, steps=2)
    assert both["objective"] == "0.5*grey() - 2*grey() + gaussian(mean=-0.6, std=1)"

    asked = {"samples": 2, "budget": 4, "method": "halving", "steps": 3, "guidance": "dps"}
    preset = steer.search(flow, wish, tmp_path / "p.json", **asked)
    assert preset["objective"] == "grey()"
    with pytest.raises(ValueError, match="remove it"):
        steer.search(flow, wish, tmp_path / "p.json", **asked)

    tasks = [{"name": "grey", "objective": wish, "count": 2, "batch": 2}]
    plan = {"tasks": tasks, "methods": {"unguided": {"method": "unguided"}, "dps": {"method": "dps"}}}
    figures = steer.compare({"flow": flow}, plan, tmp_path / "report")
    assert len(figures) == 2 and all("score" in row["figures"] for row in figures)
    assert tasks[0]["objective"] is wish
    with pytest.raises(ValueError, match="remove it"):
        steer.compare({"flow": flow}, plan, tmp_path / "report")


def test_tensors_are_evaluated(flow: steer.Diffusion, judge: steer.Classifier) -> None:
    known = flow.sample(1, seed=9).images
    found = steer.evaluate(flow, objective=steer.inpaint(known, mask="left"), n=2, steps=4)
    assert found["objective"].startswith("inpaint(") and found["score_mean"] < 0
    with pytest.raises(ValueError, match="mine"):

        def mine(x: torch.Tensor) -> torch.Tensor:
            raise ValueError("mine")

        steer.evaluate(flow, objective=steer.score(mine), n=2, steps=2)


def test_watch(ddn: steer.DDN) -> None:
    seen = []

    def watch(moment: steer.Moment) -> bool:
        seen.append((moment.index, moment.share, tuple(moment.picture().shape), tuple(moment.code.shape)))
        return moment.index < 1

    samples = ddn.sample(2, watch=watch)
    assert samples.stopped and samples.images is None and [s[0] for s in seen] == [0, 1]
    assert ddn.sample(2, watch=lambda moment: None).stopped is False


def test_gradients_of_samples_are_those_of_the_weights() -> None:
    small = steer.new("ddn", SMALL_DDN, seed=1, precision="float32")

    def loss(images: torch.Tensor) -> torch.Tensor:
        return (images.double() - 0.5).square().mean()

    # Fresh networks are nearly zero in places, where steps that float32 can tell are long.
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in small.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=generator))
    code = small.sample(4, seed=3).code
    for draw in (
        lambda: small.sample(4, seed=3, gradient=True).images,
        lambda: small.decode(code, gradient=True),
    ):
        weights = small.named_parameters()
        gradients = torch.autograd.grad(loss(draw()), list(weights.values()), allow_unused=True)
        # Every weight of every layer has a part in the images.
        assert all(g is not None and g.abs().sum() > 0 for g in gradients)
        # A step along the gradient changes the loss by as much as it says, in every layer.
        large = [(w, g) for w, g in zip(weights.values(), gradients, strict=True) if g.norm() > 0.02]
        assert len(large) > 0.6 * len(weights)
        for weight, g in large:
            step = 1e-3 * g / g.norm()
            at = []
            for sign in (1, -1):
                with torch.no_grad():
                    weight.add_(sign * step)
                    at.append(loss(small.decode(code, gradient=True)).item())
                    weight.sub_(sign * step)
            assert (at[0] - at[1]) / 2 == pytest.approx(1e-3 * g.norm().item(), rel=0.02)


def test_fine_tune_a_ddn(small: steer.DDN) -> None:
    optimiser = torch.optim.Adam(small.parameters(), lr=1e-2)
    losses = []
    for step in range(24):
        images = small.sample(8, seed=step * 8, gradient=True).images
        loss = (images - 0.5).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_learner(small: steer.DDN) -> None:
    learner = steer.Learner(small, {"rate": 3e-3})
    first = learner.step(squares(16), seed=0)
    for step in range(1, 20):
        last = learner.step(squares(16, step), seed=step)
    assert last["mse"].item() < first["mse"].item() and learner.steps == 20


def test_text(models: Path) -> None:
    model = steer.load(models / "shakespeare.safetensors")
    samples = model.sample(1, steps=8)
    assert len(samples.texts) == 1 and samples.tokens.shape == (1, *model.shape)
    assert "<pre>" in samples._repr_html_()
    black_box = steer.score(lambda texts: [t.count("e") for t in texts], gradient=False, texts=True)
    assert black_box(samples)[0] == samples.texts[0].count("e")


def test_numbers_that_a_model_is_told() -> None:
    egnn = {"width": 8, "blocks": 1, "told": ["alpha", "gap"]}
    model = steer.new("diffusion", {"network": "egnn", "egnn": egnn, "process": {"type": "edm"}})
    drawn = model.sample(2, told={"alpha": [60, 90]}, steps=2)
    assert drawn.mask is not None and drawn.recipe["telling"]["value"] == "alpha=60,90"
    assert not torch.equal(drawn.x, model.sample(2, steps=2).x)
    with pytest.raises(steer.Error, match="expected names out of alpha, gap but got mu"):
        model.sample(1, told={"mu": 1})
    with pytest.raises(TypeError, match="dict of numbers by name"):
        model.sample(1, told=3)  # type: ignore[arg-type]


def test_sounds_have_players(tmp_path: Path) -> None:
    for i in range(20):
        folder = tmp_path / "hums" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        with wave.open(str(folder / f"{i}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            hum = (9000 * torch.sin(torch.arange(2000) * (0.2 + 0.1 * (i % 2)))).to(torch.int16)
            file.writeframes(hum.numpy().tobytes())
    unet = {
        "sample_size": 64,
        "block_out_channels": [8, 8],
        "norm_num_groups": 4,
        "down_block_types": ["DownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "UpBlock2D"],
    }
    options = {"process": {"type": "flow"}, "unet": unet}
    model = steer.new("diffusion", options, data=tmp_path / "hums")
    assert model.kind == "mel" and model.shape == (1, 64, 64)
    drawn = model.sample(2, steps=2)
    assert drawn._repr_html_().count("<audio controls") == 2
    drawn.save(tmp_path / "drawn.wav")
    with wave.open(str(tmp_path / "drawn.wav")) as file:
        assert file.getnframes() == 2 * 4095 + 2000 and file.getframerate() == 8000
    truth = drawn.x[:1]
    filled = model.sample(2, objective=steer.objectives.inpaint(truth, begin=0.1, end=0.2), steps=4)
    assert filled.scores.shape == (2,)


def test_molecules_show_themselves(tmp_path: Path) -> None:
    egnn = {"width": 8, "blocks": 1}
    model = steer.new("diffusion", {"network": "egnn", "egnn": egnn, "process": {"type": "edm"}})
    drawn = model.sample(2, steps=2)
    page = drawn._repr_html_()
    assert len(drawn.texts) == 2 and all(text in page for text in drawn.texts)
    assert page.count("<img") == 1 and "data:chemical/x-mdl-sdfile;base64," in page
    kept = page.split("sdfile;base64,")[1].split('"')[0]
    drawn.save(tmp_path / "drawn.sdf")
    assert base64.b64decode(kept) == (tmp_path / "drawn.sdf").read_bytes()


def test_every_kind_shows_itself(models: Path) -> None:
    points = steer.new("diffusion", {"network": "mlp"}, data="points:two_moons").sample(5, steps=2)
    assert points._repr_html_() is None and points._repr_png_().startswith(b"\x89PNG")
    image = steer.load(models / "mnist_tree_ddn.safetensors").sample(1)
    assert image._repr_html_() is None and image._repr_png_().startswith(b"\x89PNG")


def test_walks_show_their_kind(small: steer.DDN) -> None:
    pytest.importorskip("ipywidgets")
    walk = small.walk()
    assert walk.picture is None and len(walk.pictures()) == 8 and len(walk.pictures(3)) == 3
    assert torch.equal(walk.pictures()[5], walk.candidates()[0, 5].clamp(-1, 1))
    widget = steer.clickable(walk, most=4)
    cells = widget.children[-1].children
    assert len(cells) == 4
    cells[2].children[1].click()
    assert walk.code.tolist() == [[2]] and walk.picture.shape == small.shape
    while walk.layer < walk.depth:
        widget.children[-1].children[0].children[1].click()
    assert walk.code.tolist()[0][0] == 2
    widget.children[1].click()  # back
    assert walk.layer == walk.depth - 1
    points = steer.new("ddn", {}, data="points:two_moons").walk()
    assert all(one.dim() == 3 and one.size(0) in (1, 3) for one in points.pictures(2))
    points.choose(0)
    assert points.picture.dim() == 3 and steer.clickable(points, most=2).children


def test_words() -> None:
    table = {word["name"]: word for word in steer.words()}
    assert table["inpaint"]["nature"] == "linear" and "karras" in steer.names()["levels"]
    with pytest.raises(steer.Error, match="did you mean"):
        steer.objective("inpant(x.png, mask=left)")
    wish = steer.objective(
        "0.5*inpaint(photo, mask=left) + gaussian()", images={"photo": torch.zeros(1, 8, 8)}
    )
    assert wish(torch.zeros(2, 1, 8, 8)).shape == (2,) and wish.nature((1, 8, 8)) == "linear"
    assert steer.rank(wish).nature((1, 8, 8)) == "black box"


def test_frechet(judge: steer.Classifier) -> None:
    a, b = torch.rand(40, 1, 32, 32), torch.rand(40, 1, 32, 32) - 1
    assert abs(steer.frechet(a, a, judge)) < 1e-3 < steer.frechet(a, b, judge)
