#!/usr/bin/env python3
"""Compares steer's DDN with the official one: the layer, split-and-prune and start features are those of the
package `sddn`, the networks around them stand in official_networks.py. Random weights, float32, one thread.
Prints a Markdown table with the largest difference of every row; exits with 1 where one is above its bound.

    tests/parity/official_ddn.sh            makes a virtual environment, builds steer's side, runs this
    python official_ddn.py --side build/parity_ddn [--plane SEEDS]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
import numpy
import torch
from sddn.discrete_distribution import DiscreteDistributionOutput, SplitableDiscreteDistribution
from sddn.sddn_utils import build_init_feature

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "../../bench/peer")]
import official_networks as official
import safetensors as stored

NAMES = {"float64": "F64", "float32": "F32", "int64": "I64"}


def write(path, tensors, words):
    header, at = {"__metadata__": words}, 0
    for name, tensor in sorted(tensors.items()):
        end = at + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": NAMES[str(tensor.dtype)[6:]], "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in sorted(tensors.items()):
            file.write(tensor.detach().contiguous().numpy().tobytes())


class Side:
    """steer's side: a problem goes in, its answer comes out."""

    def __init__(self, program):
        self.program, self.folder = program, tempfile.mkdtemp()

    def __call__(self, what, tensors, **words):
        problem, answer = self.folder + "/problem", self.folder + "/answer"
        write(problem, tensors, {"what": what, **{k: str(v) for k, v in words.items()}})
        subprocess.run([self.program, problem, answer], check=True)
        return stored.read(answer)


PYRAMID = {"start_size": 1, "widths": [24, 24, 16, 16], "layers": [1, 2, 2, 3], "candidates": [8, 8, 8, 4],
           "image_channels": 3, "residual": True, "leak": True, "start": "zeros"}
RECURRENT = {"size": 16, "base": 8, "candidates": 6, "repeats": 4, "image_channels": 1, "residual": False}


def randomised(network, seed):
    """Weights spread so that activations neither die nor explode."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in network.named_parameters():
            if "class_embed" in name:
                continue
            if p.dim() in (2, 4):
                p.copy_(torch.randn_like(p) / p[0].numel() ** 0.5)
            else:
                p.copy_(torch.randn_like(p) * 0.1 + (1 if name.endswith("weight") else 0))
    return network


def built(kind, shape, seed):
    DiscreteDistributionOutput.inits.clear()
    network = official.Pyramid(shape) if kind == "pyramid" else official.Recurrent(shape)
    return randomised(network, seed)


def weights(network):
    return {"weight." + name: p for name, p in network.named_parameters()}


def options(kind, shape, condition=None, split=None):
    everything = {"network": kind, kind: shape, "condition": condition or {"type": "none"}}
    if split:
        everything["split"] = split
    return json.dumps(everything)


def largest(a, b):
    return (a.double() - b.double()).abs().max().item()


def relative(a, b):
    """The largest difference in units of the largest number, or of 1 where all are smaller."""
    return largest(a, b) / max(1, b.abs().max().item())


class Counts(SplitableDiscreteDistribution):
    """The package's, but for the bookkeeping of a split, which is written from its formulas: a row of zeros of
    the table stays so, as in the official sources of today."""

    def split(self, s, d):
        shares = lambda table: numpy.divide(table, table.sum(1, keepdims=True), out=numpy.zeros_like(table),
                                            where=table.sum(1, keepdims=True) > 0)
        near2, k = self.near2, self.k
        if k == 2:
            near2[:] = (1 - numpy.eye(2)) * self.iter / 2
        given = near2[d].sum()
        if given > 0:
            grown = shares(near2)
            near2[d, d] = 0
            w = near2[d] / near2[d].sum() if near2[d].sum() > 0 else numpy.where(numpy.arange(k) == d, 0, 1 / (k - 1))
            self.count += self.count[d] * w
            self.count[d] = 0
            near2 += given * w[:, None] * grown
            near2 += near2[:, d].copy()[:, None] * w
        else:
            once = near2[:, d].copy()
            near2[:, d] = 0
            near2 += once[:, None] * shares(near2)
        near2[:, d], near2[d] = 0, 0
        self.count[[s, d]] = self.count[s] / 2
        own, column = near2[s].sum(), near2[:, s] / 2
        near2[:, s] = near2[:, d] = column
        near2[[s, d]] = 0
        near2[s, d] = near2[d, s] = own / 2
        self.loss_acc[d] = self.loss_acc[s]
        return {"i_split": s, "i_disapear": d}


class Table:
    def __init__(self):
        self.rows, self.failed = [], False

    def add(self, what, cases, difference, bound, note=""):
        bad = not difference <= bound
        self.failed |= bad
        self.rows.append(f"| {what} | {cases} | {difference:.2g} | {bound:.2g} | {'FAILED ' if bad else ''}{note} |")

    def show(self):
        print("| what | cases | largest difference | bound | |\n|---|---|---|---|---|")
        print("\n".join(self.rows))


def forward_rows(table, side, kind, shape, what, seeds, told=None, bound=2e-4):
    """Encode by both, compare indices, images and each layer's error; then decode another code by both."""
    condition, given = told if told else (None, lambda x, g: ({}, None))
    wrong, image, error, decoding = 0, 0.0, 0.0, 0.0
    for seed in range(seeds):
        network = built(kind, shape, seed).eval()
        generator = torch.Generator().manual_seed(100 + seed)
        side_of = shape["size"] if kind == "recurrent" else shape["start_size"] * 2 ** (len(shape["widths"]) - 1)
        x = torch.rand(4, shape["image_channels"], side_of, side_of, generator=generator) * 2 - 1
        extra, known = given(x, generator)
        with torch.no_grad():
            d = network({"target": x}, known)
            code = torch.stack([torch.as_tensor(i) for i in d["idx_ks"]], 1)
            ours = side("encode", {"x": x, **extra, **weights(network)}, options=options(kind, shape, condition))
            wrong += (ours["code"] != code).sum().item()
            image = max(image, relative(ours["image"], d["predict"]))
            error = max(error, relative(ours["error"], torch.stack(d["distances"], 1)))
            ks = [layer.k for layer in network.layers()] * (shape["repeats"] if kind == "recurrent" else 1)
            other = torch.stack([torch.randint(0, k, (4,), generator=generator) for k in ks], 1)
            made = network({"idx_ks": [c.numpy() for c in other.unbind(1)]}, known)["predict"]
            extra.update({"given": x} if condition and condition["type"] in ("colour", "edge", "resize") else {})
            ours = side("decode", {"code": other, **extra, **weights(network)}, options=options(kind, shape, condition))
            decoding = max(decoding, relative(ours["image"], made))
    cases = seeds * 4
    table.add(f"{what}: indices chosen otherwise", f"{cases} x {len(ks)}", wrong, 0)
    table.add(f"{what}: image, error of each layer", cases, max(image, error), bound)
    table.add(f"{what}: image of a given code", cases, decoding, bound)


def all_forward_rows(table, side, seeds):
    row = lambda what, change, told=None: forward_rows(table, side, "pyramid", {**PYRAMID, **change}, what, seeds, told)
    row("pyramid", {})
    row("without residual", {"residual": False})
    row("without leak", {"leak": False})
    row("ramp at the start", {"start": "ramp"})
    for start in (2, 4):
        row(f"start {start}x{start}", {"start_size": start, "widths": [24, 16], "layers": [2, 2], "candidates": [8]})
    row("K = 2", {"candidates": [2]})
    row("K = 64", {"candidates": [64]})
    row("one layer a scale", {"layers": [1, 1, 1, 1]})
    row("eight layers at the end", {"layers": [1, 2, 4, 8]})
    row("grey images", {"image_channels": 1})
    labelled = lambda x, g: (lambda label: ({"label": label}, official.class_maps(label, 10).expand(-1, -1, 8, 8)))(
        torch.randint(0, 10, (x.shape[0],), generator=g))
    row("class condition", {}, ({"type": "class"}, labelled))
    row("class condition, one layer a scale", {"layers": [1, 1, 1, 1]}, ({"type": "class"}, labelled))
    row("class condition, some scales of one layer", {"layers": [1, 1, 2, 1]}, ({"type": "class"}, labelled))
    row("colour condition", {}, ({"type": "colour"}, lambda x, g: ({}, x.mean(1, keepdim=True))))
    row("edge condition", {}, ({"type": "edge"}, lambda x, g: ({}, official.edge_maps(x))))
    row("resize condition", {}, ({"type": "resize", "size": 2}, lambda x, g: ({}, official.resized_maps(x, 2))))
    recurrent = lambda what, change, told=None, bound=2e-4: forward_rows(
        table, side, "recurrent", {**RECURRENT, **change}, what, seeds, told, bound)
    recurrent("recurrent", {})
    recurrent("recurrent, 32x32, base 32, K = 64, ten times",
              {"size": 32, "base": 32, "candidates": 64, "repeats": 10}, None, 5e-3)
    recurrent("recurrent, residual", {"residual": True})
    recurrent("recurrent, told classes", {},
              ({"type": "class"}, lambda x, g: (lambda label: ({"label": label}, label))(
                  torch.randint(0, 10, (x.shape[0],), generator=g))))


def tree_row(table, side):
    """All codes of two layers in the order of the official tree: the first index is the outer one."""
    shape = {**RECURRENT, "repeats": 2}
    network = built("recurrent", shape, 3).eval()
    ours = side("tree", weights(network), options=options("recurrent", shape), levels=2)
    k, worst = shape["candidates"], 0.0
    codes = torch.tensor([[i, j] for i in range(k) for j in range(k)])
    with torch.no_grad():
        d = network({"idx_ks": [c.numpy() for c in codes.unbind(1)]})
    worst = max(largest(ours["level1"], d["predicts"][1].clamp(-1, 1)),
                largest(ours["level0"], d["predicts"][0][::k].clamp(-1, 1)))
    table.add("tree of codes, level by level", k + k * k, worst, 2e-4)


def start_row(table, side):
    """The start features alone, seen through nodes that are the identity."""
    worst = 0.0
    for size in (2, 4, 8, 16):
        c = 32
        shape = {**PYRAMID, "start_size": size, "widths": [c], "layers": [1], "candidates": [c // 2],
                 "image_channels": 1}
        network = built("pyramid", shape, 0)
        state = network.state_dict()
        for name in state:
            if ".conv1." in name:
                state[name].zero_()
        state[f"block_{size}x{size}_0.ddo.multi_out_conv1x1.weight"].copy_(torch.eye(c // 2)[:, :, None, None])
        code = torch.arange(c // 2)[:, None]
        ours = side("decode", {"code": code, **weights(network)}, options=options("pyramid", shape))
        theirs = build_init_feature((1, c, size, size))[0, : c // 2, None] * 0.5**0.5
        worst = max(worst, largest(ours["image"], theirs))
    table.add("start features, 2x2 to 16x16", 4, worst, 2e-5)


def distances_of(steps, rows, nodes, seed, primed):
    """Some nodes are hardly ever nearest; `primed`: every node is nearest, and second, at first."""
    generator = numpy.random.default_rng(seed)
    distance = generator.random((steps, rows, nodes)) * numpy.linspace(0.6, 1.3, nodes) ** 4
    for i in range(min(rows, nodes * (nodes - 1)) if primed else 0):
        first, second = i % nodes, (i + 1 + i // nodes) % nodes
        distance[0, i] += 1
        distance[0, i, first], distance[0, i, second] = 0.001, 0.002
    return distance.astype(numpy.float32)


def on_the_edge(counts):
    """Whether rounding decides if the rule fires: shares exactly 1/K apart, or the least exactly 1/(2K)."""
    shares, even = counts.count / counts.count.sum(), 1 / counts.k
    return min(abs(shares.max() - shares.min() - even), abs(shares.min() - even / 2)) < 1e-12


def counting_rows(table, side, seeds):
    """Split-and-prune alone, over sequences of distances: the package's own where every node has images from
    the first step on, else with a row of zeros as today."""
    cases = [(2, 16, True), (4, 12, True), (16, 240, True), (64, 256, True), (256, 512, True)]
    for nodes, rows, primed in cases + [(4, 3, False), (16, 8, False), (64, 16, False), (256, 64, False)]:
        wrong, counts, near2, splits, compared = 0, 0.0, 0.0, 0, 0
        for seed in range(seeds):
            steps = 200
            distance = distances_of(steps, rows, nodes, seed, primed)
            ours = side("counts", {"distance": torch.from_numpy(distance)})
            theirs = (SplitableDiscreteDistribution if primed else Counts)(nodes)
            for s in range(steps):
                theirs.add_loss_matrix(distance[s])
                edge = on_the_edge(theirs)
                split = theirs.try_split()
                log = [split["i_split"], split["i_disapear"]] if split else [-1, -1]
                if edge and ours["log"][s].tolist() != log:
                    break
                compared += 1
                splits += split is not None
                wrong += ours["log"][s].tolist() != log
                counts = max(counts, numpy.abs(ours["counts"][s].numpy() - theirs.count).max())
                near2 = max(near2, numpy.abs(ours["near2"][s].numpy() - theirs.near2).max())
        what = f"K = {nodes}" + ("" if primed else ", nodes without images")
        table.add(f"{what}: splits otherwise", f"{compared} steps, {splits} splits", wrong, 0)
        table.add(f"{what}: counts, near2", compared, max(counts, near2), 1e-7)


def golden_row(table, side):
    """The case of four nodes written down in the specification, as distances that make its table."""
    near2 = [[0, 5, 3, 2], [2, 0, 1, 1], [3, 2, 0, 0], [0, 1, 0, 0]]
    rows = []
    for i, row in enumerate(near2):
        for j, times in enumerate(row):
            one = numpy.ones(4, numpy.float32)
            one[i], one[j] = 0.1, 0.2
            rows += [one] * times
    ours = side("counts", {"distance": torch.from_numpy(numpy.stack(rows)[None])})
    wanted = torch.tensor([[0, 0, 0, 5], [1.25] * 4, [1.5, 2, 0, 1.5], [5, 0, 0, 0]])
    table.add("golden case of four nodes", 1, max(largest(ours["near2"][0], wanted),
                                                  largest(ours["counts"][0], torch.full((4,), 5.0))), 1e-12)


def training_row(table, side, kind, shape, what, steps, rate, rows):
    """Both train on the same batches: loss, splits and counts of every step, the weights in the end. A node and
    its clone are almost as far from an image, so which of them is nearest may hang on rounding; then counts
    differ by this image, and many steps later so do the weights."""
    network = built(kind, shape, 1).train()
    for layer in network.layers():
        layer.sdd = Counts(layer.k)
    size = shape["size"] if kind == "recurrent" else shape["start_size"] * 2 ** (len(shape["widths"]) - 1)
    x = torch.rand(steps, rows, shape["image_channels"], size, size, generator=torch.Generator().manual_seed(5)) * 2 - 1
    x = torch.nn.functional.avg_pool2d(x.flatten(0, 1), 3, 1, 1).unflatten(0, (steps, rows)) * 2
    ours = side("train", {"x": x, **weights(network)}, options=options(kind, shape), rate=rate)
    adam = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=rate)
    loss_difference, count_difference, wrong, splits = 0.0, 0.0, 0, 0
    for s in range(steps):
        d = network({"target": x[s]})
        mse = torch.stack(d["losses"]).mean()
        adam.zero_grad()
        (mse * x[s, 0].numel()).backward()
        adam.step()
        before = [len(layer.sdd.split_iters) for layer in network.layers()]
        for layer in network.layers():
            layer.try_split(adam)
        made = sum(len(layer.sdd.split_iters) for layer in network.layers()) - sum(before)
        splits += made
        loss_difference = max(loss_difference, abs(mse.item() - ours["mse"][s].item()) / mse.item())
        wrong += made != ours["splits"][s].item()
        for l, layer in enumerate(network.layers()):
            for name, theirs in ((f"counts.{l}", layer.sdd.count), (f"rivals.{l}.near2", layer.sdd.near2)):
                moved = (ours[name][s] - torch.from_numpy(theirs)).abs().sum().item() / 2
                count_difference = max(count_difference, moved / layer.sdd.iter)
    weight = max(relative(ours["weight." + name], p) for name, p in network.named_parameters())
    table.add(f"{what}: splits of a step", f"{steps} steps, {splits} splits", wrong, 0)
    table.add(f"{what}: share of images counted otherwise", steps, count_difference, 0.1)
    table.add(f"{what}: loss of each step (relative)", steps, loss_difference, 1e-3)
    table.add(f"{what}: weights in the end", steps, weight, 5 * rate)


def plane_rows(side, seeds, nodes, steps=1800, last_step=0.4):
    """What near2 is good for: mean squared error of K points in the plane, over seeds, with and without."""
    print(f"\n| K = {nodes}, {seeds} seeds, {steps} steps from 0.4 to {last_step} | MSE with near2 | s.e. | without | s.e. | paired difference, s.e. |")
    print("|---|---|---|---|---|---|")
    for density in ("gaussian", "spirals", "words", "blur_circles"):
        found = {}
        for near2 in ("on", "off"):
            found[near2] = numpy.array([side("plane", {}, density=density, nodes=nodes, batch=40, steps=steps, seed=s, last_step=last_step,
                                             near2=near2)["mse"].item() for s in range(seeds)])
        error = lambda values: values.std(ddof=1) / len(values) ** 0.5
        on, off = found["on"], found["off"]
        print(f"| {density} | {on.mean():.6f} | {error(on):.6f} | {off.mean():.6f} | {error(off):.6f} | "
              f"{(off - on).mean():+.6f}, {error(off - on):.6f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", required=True, help="steer's side, the target parity_ddn")
    parser.add_argument("--seeds", type=int, default=4, help="random networks a row")
    parser.add_argument("--plane", type=int, default=0, help="seeds of the experiment in the plane; 0: none")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    side, table = Side(arguments.side), Table()
    golden_row(table, side)
    counting_rows(table, side, arguments.seeds)
    start_row(table, side)
    all_forward_rows(table, side, arguments.seeds)
    tree_row(table, side)
    training_row(table, side, "pyramid", {**PYRAMID, "candidates": [16]}, "training a pyramid", 6, 1e-3, 32)
    training_row(table, side, "pyramid", {**PYRAMID, "candidates": [2], "image_channels": 1}, "training, K = 2", 30, 1e-3, 32)
    training_row(table, side, "recurrent", RECURRENT, "training the recurrent network", 30, 1e-3, 32)
    table.show()
    for nodes in (64, 256) if arguments.plane else ():
        plane_rows(side, arguments.plane, nodes)
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
