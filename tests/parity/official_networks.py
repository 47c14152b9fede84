"""The official networks stated a second time from their formulas (Yang 2025), around the layer of the
official package `sddn`: residual blocks, the pyramid, the recurrent network of the MNIST example, conditions."""

import math

import torch
from sddn.discrete_distribution import DiscreteDistributionOutput
from sddn.sddn_utils import build_init_feature
from torch import nn
from torch.nn import functional as F


def nodes(candidates, features, channels, residual, leak, size):
    """The official layer, its switches set on the object and not on the class."""
    layer = DiscreteDistributionOutput(candidates, features, channels, leak_choice=leak, size=size)
    layer.learn_residual, layer.chain_dropout = residual, 0
    return layer


class Block(nn.Module):
    """conv0 of the first norm, conv1 of the second, the skip added; an upsampling one repeats pixels."""

    def __init__(self, inner, outer, up):
        super().__init__()
        normed = lambda channels: nn.GroupNorm(min(32, channels // 4), channels, eps=1e-6)
        self.up = up
        self.norm0, self.conv0 = normed(inner), nn.Conv2d(inner, outer, 3, padding=1)
        self.norm1, self.conv1 = normed(outer), nn.Conv2d(outer, outer, 3, padding=1)
        if up or inner != outer:
            self.skip = nn.Conv2d(inner, outer, 1)

    def repeated(self, maps):
        return maps.repeat_interleave(2, 2).repeat_interleave(2, 3) if self.up else maps

    def forward(self, x):
        y = self.conv0(self.repeated(F.silu(self.norm0(x))))
        y = self.conv1(F.silu(self.norm1(y)))
        x = self.repeated(x)
        return (y + (self.skip(x) if hasattr(self, "skip") else x)) / math.sqrt(2)


def entered(h, image, leak, told):
    """What enters a block: the features, with image, leak and condition added into channels of theirs."""
    h, c = h.clone(), h.shape[1]
    for part, first in ((image, 0), (leak, None if leak is None else c - leak.shape[1]),
                        (told, None if told is None else c // 2 - told.shape[1] // 2)):
        if part is not None:
            h[:, first : first + part.shape[1]] += part
    return h


class Pyramid(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.options, self.stages, inner, size = o, [], o["widths"][0], o["start_size"]
        for scale, (width, count) in enumerate(zip(o["widths"], o["layers"])):
            for i in range(count):
                up = i == 0 and scale > 0
                stage = nn.Module()
                stage.block = Block(inner, width, up)
                k = o["candidates"][scale if len(o["candidates"]) > 1 else 0]
                stage.ddo = nodes(k, width, o["image_channels"], o["residual"], o["leak"], size)
                self.add_module(f"block_{size}x{size}_{i}" + ("_up" if up else ""), stage)
                self.stages.append((size // 2 if up else size, stage))
                inner = width
            size *= 2

    def forward(self, d, told=None):
        o = self.options
        rows = (d["target"] if "target" in d else d["idx_ks"][0]).shape[0]
        h = build_init_feature((rows, o["widths"][0], o["start_size"], o["start_size"]))
        if o["start"] == "ramp":
            ramp = torch.linspace(-1, 1, o["image_channels"]).reshape(1, -1, 1, 1)
            image = leak = ramp.expand(rows, -1, o["start_size"], o["start_size"])
        else:
            image = leak = None
        sizes_told = set()
        for entering, stage in self.stages:
            some = None
            if told is not None and entering not in sizes_told:
                some = F.interpolate(told, (entering, entering), mode="area")
                sizes_told.add(entering)
            h = stage.block(entered(h, image, leak, some))
            d["feat_last"] = h
            d = stage.ddo(d)
            image, leak = d["predict"], d.get("feat_leak")
        return d

    def layers(self):
        return [stage.ddo for _, stage in self.stages]


class NormConv(nn.Module):
    def __init__(self, inner, outer, size):
        super().__init__()
        self.ln, self.conv1 = nn.LayerNorm((inner, size, size)), nn.Conv2d(inner, outer, 3, padding=1)

    def forward(self, x):
        return F.silu(self.conv1(self.ln(x)))


class Recurrent(nn.Module):
    """One U-Net and one set of nodes, applied again and again to what they made."""

    def __init__(self, o):
        super().__init__()
        self.options, s = o, nn.Module()
        b, c, n = o["base"], o["image_channels"], o["size"]
        word = lambda outer: nn.Sequential(nn.Linear(100, outer), nn.SiLU(), nn.Linear(outer, outer))
        triple = lambda size, *w: nn.Sequential(*[NormConv(i, j, size) for i, j in zip(w, w[1:])])
        half = lambda width: nn.Conv2d(width, width, 4, 2, 1)
        twice = lambda width: nn.ConvTranspose2d(width, width, 4, 2, 1)
        s.class_embed = nn.Embedding(10, 100)
        i, j = torch.arange(10.0)[:, None], torch.arange(100.0)
        angle = i * 10000 ** (-2 * j / 100)
        s.class_embed.weight = nn.Parameter(torch.where(i % 2 == 0, angle.sin(), angle.cos()), False)
        s.b1, s.b1_previous_last = triple(n, c, b, b, b), triple(n, b, b, b, b)
        s.b1_leak_choice = triple(n, c, b, b, b)
        s.b2, s.b3 = triple(n // 2, b, 2 * b, 2 * b, 2 * b), triple(n // 4, 2 * b, 4 * b, 4 * b, 4 * b)
        s.b_mid = triple(n // 8, 4 * b, 2 * b, 2 * b, 4 * b)
        s.b4, s.b5 = triple(n // 4, 8 * b, 4 * b, 2 * b, 2 * b), triple(n // 2, 4 * b, 2 * b, b, b)
        s.b_out = triple(n, 2 * b, b, b, b)
        s.down1, s.down2, s.down3 = half(b), half(2 * b), half(4 * b)
        s.up1, s.up2, s.up3 = twice(4 * b), twice(2 * b), twice(b)
        for name, width in (("te1", c), ("te2", b), ("te3", 2 * b), ("te_mid", 4 * b), ("te4", 8 * b),
                            ("te5", 4 * b), ("te_out", 2 * b)):
            s.add_module(name, word(width))
        s.ddo = nodes(o["candidates"], b, c, o["residual"], True, n)
        self.ddn_seqen = nn.ModuleList([s])

    def features(self, h, image, leak, row):
        s = self.ddn_seqen[0]
        word = lambda te: te(row)[:, :, None, None]
        o1 = s.b1(image + word(s.te1)) + s.b1_previous_last(h) + s.b1_leak_choice(leak)
        o2 = s.b2(s.down1(o1) + word(s.te2))
        o3 = s.b3(s.down2(o2) + word(s.te3))
        m = s.b_mid(s.down3(o3) + word(s.te_mid))
        o4 = s.b4(torch.cat([o3, s.up1(m)], 1) + word(s.te4))
        o5 = s.b5(torch.cat([o2, s.up2(o4)], 1) + word(s.te5))
        return s.b_out(torch.cat([o1, s.up3(o5)], 1) + word(s.te_out))

    def forward(self, d, label=None):
        o, s = self.options, self.ddn_seqen[0]
        rows = (d["target"] if "target" in d else d["idx_ks"][0]).shape[0]
        n, b = o["size"], o["base"]
        ramp = torch.linspace(-1, 1, b * n * n).reshape(b, n, n)
        h = torch.stack([torch.rot90(ramp[i], i) for i in range(b)]).repeat(rows, 1, 1, 1)
        image = leak = torch.linspace(-1, 1, n * n).reshape(1, 1, n, n).repeat(rows, o["image_channels"], 1, 1)
        row = s.class_embed(torch.zeros(rows, dtype=torch.int64) if label is None else label)
        for _ in range(o["repeats"]):
            h = self.features(h, image, leak, row)
            d["feat_last"] = h
            d = s.ddo(d)
            image, leak = d["predict"], d["feat_leak"]
        return d

    def layers(self):
        return [self.ddn_seqen[0].ddo]


def class_maps(label, classes):
    """Two bits a channel, most significant first, as -1, -1/3, 1/3, 1; class 0 is nothing."""
    count = int(math.log2(classes - 1) / 2) + 1
    digits = [(label >> (2 * (count - 1 - i))) & 3 for i in range(count)]
    values = torch.stack(digits, 1).float() * 2 / 3 - 1
    return (values * (label != 0)[:, None])[:, :, None, None]


def edge_maps(x, threshold=0.75):
    slope = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    both = F.conv2d(x.mean(1, keepdim=True), torch.stack([slope, slope.T])[:, None])
    return torch.where(both.square().sum(1, keepdim=True).sqrt() > threshold, 1.0, -1.0)


def resized_maps(x, size):
    small = F.adaptive_avg_pool2d(x, size)
    return F.interpolate(small, x.shape[2:], mode="bilinear", align_corners=False)
