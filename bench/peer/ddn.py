"""Discrete Distribution Networks as one writes them down in PyTorch: every candidate is an image."""

import torch
from torch import nn
from torch.nn import functional as F

import norms


class Nodes(nn.Module):
    """K nodes over features [B, c, H, W]: the first half of the channels makes candidates, the second leaks."""

    def __init__(self, features, channels, count, residual):
        super().__init__()
        self.channels, self.count, self.residual = channels, count, residual
        self.multi_out_conv1x1 = nn.Conv2d(features // 2, count * channels, 1, bias=False)
        self.counts = torch.zeros(count, dtype=torch.float64)

    def forward(self, h, previous, choose):
        b, c, height, width = h.shape
        images = self.multi_out_conv1x1(h[:, : c // 2]).reshape(b, self.count, self.channels, height, width)
        if self.residual and previous is not None:
            if previous.shape[-1] != width:
                previous = F.interpolate(previous, (height, width), mode="bilinear", align_corners=False)
            images = images + previous[:, None]
        index = choose(images)
        chosen = images[torch.arange(b), index]
        weight = self.multi_out_conv1x1.weight.reshape(self.count, self.channels, c // 2)[index]
        leak = torch.bmm(weight.to(h.dtype), h[:, c // 2 :].reshape(b, c // 2, -1))
        return index, chosen, leak.reshape(b, self.channels, height, width)


def to_target(target):
    """Mean squared differences of images [B, K, C, H, W] to target [B, C, H, W]: [B, K]."""

    def distance(images):
        with torch.no_grad():
            return (images - target[:, None]).square().mean((2, 3, 4))

    return distance


def least(distance):
    return lambda images: distance(images).argmin(1)


def follow(code):
    columns = iter(code.unbind(1))
    return lambda images: next(columns)


class Retraced:
    """Takes the choices of a code [B, L] and notes by which share their distance exceeds the least, at the most:
    a tie that rounds the other way is no difference, and must not make all that follows differ."""

    def __init__(self, distance, code):
        self.distance, self.columns, self.excess = distance, iter(code.unbind(1)), 0.0

    def __call__(self, images):
        distance, index = self.distance(images), next(self.columns)
        taken = distance.gather(1, index[:, None])[:, 0] / distance.min(1).values.clamp_min(1e-12)
        self.excess = max(self.excess, taken.max().item() - 1)
        return index


def to_low(low):
    """Mean squared differences of area averages to a small image; small candidates meet its own average."""

    def distance(images):
        b, k, c, height, width = images.shape
        size = min(height, low.shape[-1])
        small = F.adaptive_avg_pool2d(images.reshape(b * k, c, height, width), size).reshape(b, k, c, size, size)
        target = F.adaptive_avg_pool2d(low, size)
        return (small - target[:, None]).square().mean((2, 3, 4))

    return distance


class Block(nn.Module):
    def __init__(self, inner, out, up):
        super().__init__()
        groups = lambda channels: min(32, max(1, channels // 4))
        self.up = up
        self.norm0 = norms.GroupNorm(groups(inner), inner, eps=1e-6)
        self.conv0 = nn.Conv2d(inner, out, 3, padding=1)
        self.norm1 = norms.GroupNorm(groups(out), out, eps=1e-6)
        self.conv1 = nn.Conv2d(out, out, 3, padding=1)
        self.skip = nn.Conv2d(inner, out, 1) if up or inner != out else None

    def forward(self, x):
        grow = lambda maps: F.interpolate(maps, scale_factor=2, mode="nearest") if self.up else maps
        y = self.conv0(grow(F.silu(self.norm0(x))))
        y = self.conv1(F.silu(self.norm1(y)))
        x = grow(x)
        return (y + (self.skip(x) if self.skip is not None else x)) * 0.5**0.5


class Pyramid(nn.Module):
    def __init__(self, widths, layers, candidates, image_channels):
        super().__init__()
        self.names, inner, size = [], widths[0], 1
        self.width, self.channels = widths[0], image_channels
        for scale, (width, count) in enumerate(zip(widths, layers)):
            for i in range(count):
                up = i == 0 and scale > 0
                name = f"block_{size}x{size}_{i}" + ("_up" if up else "")
                stage = nn.Module()
                stage.block = Block(inner, width, up)
                k = candidates[0] if len(candidates) == 1 else candidates[scale]
                stage.ddo = Nodes(width, image_channels, k, True)
                self.add_module(name, stage)
                self.names.append(name)
                inner = width
            size *= 2

    def levels(self):
        return [getattr(self, name) for name in self.names]

    def parts(self):
        return [level.block for level in self.levels()]

    def forward(self, rows, chooser, seen=None):
        dtype = self.levels()[0].block.conv0.weight.dtype
        h = torch.linspace(-1, 1, self.width).to(dtype).reshape(1, -1, 1, 1).repeat(rows, 1, 1, 1)
        image = leak = None
        for level in self.levels():
            if image is not None:
                h = h.clone()
                h[:, : self.channels] += image
                h[:, -self.channels :] += leak
            h = level.block(h)
            index, image, leak = level.ddo(h, image, chooser)
            if seen:
                seen(level.ddo, index, image)
        return image


class NormConv(nn.Module):
    def __init__(self, inner, out, size):
        super().__init__()
        self.ln = norms.LayerNorm((inner, size, size))
        self.conv1 = nn.Conv2d(inner, out, 3, padding=1)

    def forward(self, x):
        return F.silu(self.conv1(self.ln(x)))


class Recurrent(nn.Module):
    """One U-Net, applied again and again, with one layer of nodes."""

    def __init__(self, size, base, candidates, repeats, image_channels):
        super().__init__()
        self.repeats, self.size, self.base, self.channels = repeats, size, base, image_channels
        s = nn.Module()
        b, c, n = base, image_channels, size
        triple = lambda widths, side: nn.Sequential(*[NormConv(i, o, side) for i, o in zip(widths, widths[1:])])
        told = lambda out: nn.Sequential(nn.Linear(100, out), nn.SiLU(), nn.Linear(out, out))
        down = lambda width: nn.Conv2d(width, width, 4, 2, 1)
        up = lambda width: nn.ConvTranspose2d(width, width, 4, 2, 1)
        s.class_embed = nn.Embedding(10, 100)
        s.te1, s.b1, s.down1 = told(c), triple([c, b, b, b], n), down(b)
        s.te2, s.b2, s.down2 = told(b), triple([b, 2 * b, 2 * b, 2 * b], n // 2), down(2 * b)
        s.te3, s.b3, s.down3 = told(2 * b), triple([2 * b, 4 * b, 4 * b, 4 * b], n // 4), down(4 * b)
        s.te_mid, s.b_mid, s.up1 = told(4 * b), triple([4 * b, 2 * b, 2 * b, 4 * b], n // 8), up(4 * b)
        s.te4, s.b4, s.up2 = told(8 * b), triple([8 * b, 4 * b, 2 * b, 2 * b], n // 4), up(2 * b)
        s.te5, s.b5, s.up3 = told(4 * b), triple([4 * b, 2 * b, b, b], n // 2), up(b)
        s.te_out, s.b_out = told(2 * b), triple([2 * b, b, b, b], n)
        s.b1_previous_last, s.b1_leak_choice = triple([b, b, b, b], n), triple([c, b, b, b], n)
        s.ddo = Nodes(b, c, candidates, False)
        s.class_embed.weight.requires_grad_(False)
        self.ddn_seqen = nn.ModuleList([s])

    def levels(self):
        return [self.ddn_seqen[0]]

    def parts(self):
        return [part for part in self.ddn_seqen[0].children() if isinstance(part, nn.Sequential)]

    def forward(self, rows, chooser, seen=None):
        s, n, b = self.ddn_seqen[0], self.size, self.base
        dtype = s.down1.weight.dtype
        ramp = torch.linspace(-1, 1, b * n * n).reshape(b, n, n)
        h = torch.stack([torch.rot90(ramp[i], i) for i in range(b)]).to(dtype).repeat(rows, 1, 1, 1)
        image = torch.linspace(-1, 1, n * n).reshape(1, 1, n, n).repeat(rows, self.channels, 1, 1)
        leak = image
        word = s.class_embed.weight[:1].to(dtype)
        shift = lambda x, te: x + te(word)[:, :, None, None]
        for _ in range(self.repeats):
            o1 = s.b1(shift(image.to(dtype), s.te1)) + s.b1_previous_last(h) + s.b1_leak_choice(leak.to(dtype))
            o2 = s.b2(shift(s.down1(o1), s.te2))
            o3 = s.b3(shift(s.down2(o2), s.te3))
            m = s.b_mid(shift(s.down3(o3), s.te_mid))
            o4 = s.b4(shift(torch.cat([o3, s.up1(m)], 1), s.te4))
            o5 = s.b5(shift(torch.cat([o2, s.up2(o4)], 1), s.te5))
            h = s.b_out(shift(torch.cat([o1, s.up3(o5)], 1), s.te_out))
            index, image, leak = s.ddo(h, image, chooser)
            if seen:
                seen(s.ddo, index, image)
        return image


def build(options):
    if options.get("network", "pyramid") == "recurrent":
        r = options["recurrent"]
        return Recurrent(r["size"], r["base"], r["candidates"], r["repeats"], r["image_channels"])
    p = options["pyramid"]
    return Pyramid(p["widths"], p["layers"], p["candidates"], p["image_channels"])


def load(network, problem):
    """Weights by name; what belongs to split-and-prune alone has no counterpart here."""
    weights = {k[len("weight.") :]: v for k, v in problem.items() if k.startswith("weight.")}
    own = network.state_dict()
    missing = [name for name in own if name not in weights]
    left = [n for n in weights if n not in own and n.split(".")[-1] not in ("counts", "idle", "split_idxs")]
    assert not missing and not left, f"tensors that do not fit: missing {missing}, left over {left}"
    network.load_state_dict({name: weights[name] for name in own})
