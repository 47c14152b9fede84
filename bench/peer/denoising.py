"""An EDM's denoiser, evaluated once, and one step of training-free guidance with it."""

import math

import torch
from torch import nn
from torch.nn import functional as F

import ddn
import norms

SIGMA, NEXT, SIGMA_DATA = 1.5, 1.0, 0.5


def convolution(inner, out, line, size=3, stride=1):
    """Of lines, which have height 1, along the width alone."""
    if line:
        return nn.Conv2d(inner, out, (1, size), (1, stride), (0, size // 2))
    return nn.Conv2d(inner, out, size, stride, size // 2)


class Resnet(nn.Module):
    def __init__(self, inner, out, time, groups, eps, line):
        super().__init__()
        self.norm1, self.conv1 = norms.GroupNorm(groups, inner, eps), convolution(inner, out, line)
        self.time_emb_proj = nn.Linear(time, out)
        self.norm2, self.conv2 = norms.GroupNorm(groups, out, eps), convolution(out, out, line)
        self.conv_shortcut = nn.Conv2d(inner, out, 1) if inner != out else None

    def forward(self, x, time):
        h = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(time)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class Attention(nn.Module):
    def __init__(self, channels, groups, eps):
        super().__init__()
        self.group_norm = norms.GroupNorm(groups, channels, eps)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x):
        b, c, height, width = x.shape
        rows = self.group_norm(x).reshape(b, c, -1).transpose(1, 2)
        weights = torch.softmax(self.to_q(rows) @ self.to_k(rows).transpose(1, 2) / math.sqrt(c), -1)
        seen = self.to_out[0](weights @ self.to_v(rows))
        return x + seen.transpose(1, 2).reshape(b, c, height, width)


class Sampler(nn.Module):
    """Divides the resolution by a factor, or multiplies it."""

    def __init__(self, channels, down, line):
        super().__init__()
        factor = line or 2
        self.conv = convolution(channels, channels, line, 2 * factor - 1 if down else 3, factor if down else 1)
        self.factors = None if down else ((1, line) if line else 2)

    def forward(self, x):
        return self.conv(x if self.factors is None else F.interpolate(x, scale_factor=self.factors, mode="nearest"))


class UNet(nn.Module):
    def __init__(self, o, channels):
        super().__init__()
        widths, groups, eps = o["block_out_channels"], o["norm_num_groups"], 1e-5
        time, last, depth = 4 * widths[0], len(widths) - 1, o["layers_per_block"]
        self.width, self.line, self.patch = widths[0], o.get("line", 0), o.get("patch_size", 1)
        line, numbers = self.line, self.patch if self.line else self.patch**2
        self.conv_in = convolution(channels * numbers, widths[0], line)
        self.time_embedding = nn.Module()
        self.time_embedding.linear_1 = nn.Linear(widths[0], time)
        self.time_embedding.linear_2 = nn.Linear(time, time)

        def stage(inners, out, attends, sampler, name):
            s = nn.Module()
            if attends:
                s.attentions = nn.ModuleList([Attention(out, groups, eps) for _ in inners])
            s.resnets = nn.ModuleList([Resnet(i, out, time, groups, eps, line) for i in inners])
            if sampler:
                s.add_module(name, nn.ModuleList([sampler]))
            return s

        kept = [widths[0]]
        self.down_blocks = nn.ModuleList()
        for i, width in enumerate(widths):
            inners = [kept[-1]] + [width] * (depth - 1)
            sampler = Sampler(width, True, line) if i < last else None
            attends = o["down_block_types"][i].startswith("Attn")
            self.down_blocks.append(stage(inners, width, attends, sampler, "downsamplers"))
            kept += [width] * (depth + (i < last))
        self.mid_block = stage([widths[-1]] * 2, widths[-1], False, None, "")
        self.mid_block.attentions = nn.ModuleList([Attention(widths[-1], groups, eps)])
        self.up_blocks = nn.ModuleList()
        below = widths[-1]
        for i, width in enumerate(reversed(widths)):
            inners = []
            for _ in range(depth + 1):
                inners.append(below + kept.pop())
                below = width
            sampler = Sampler(width, False, line) if i < last else None
            attends = o["up_block_types"][i].startswith("Attn")
            self.up_blocks.append(stage(inners, width, attends, sampler, "upsamplers"))
        self.conv_norm_out = norms.GroupNorm(groups, widths[0], eps)
        self.conv_out = convolution(widths[0], channels * numbers, line)

    def patches(self, x):
        if self.patch == 1:
            return x
        if not self.line:
            return F.pixel_unshuffle(x, self.patch)
        b, c, _, width = x.shape
        return x.reshape(b, c, width // self.patch, self.patch).transpose(2, 3).reshape(b, c * self.patch, 1, -1)

    def whole(self, h):
        if self.patch == 1:
            return h
        if not self.line:
            return F.pixel_shuffle(h, self.patch)
        b, c, _, width = h.shape
        return h.reshape(b, c // self.patch, self.patch, width).transpose(2, 3).reshape(b, c // self.patch, 1, -1)

    def forward(self, x, label):
        half = self.width // 2
        angle = label[:, None] * torch.exp(torch.arange(half) * (-math.log(10000) / half))
        time = self.time_embedding.linear_1(torch.cat([angle.cos(), angle.sin()], 1))
        time = F.silu(self.time_embedding.linear_2(F.silu(time)))
        h = self.conv_in(self.patches(x))
        kept = [h]
        for s in self.down_blocks:
            for i, resnet in enumerate(s.resnets):
                h = resnet(h, time)
                if hasattr(s, "attentions"):
                    h = s.attentions[i](h)
                kept.append(h)
            if hasattr(s, "downsamplers"):
                h = s.downsamplers[0](h)
                kept.append(h)
        h = self.mid_block.resnets[0](h, time)
        h = self.mid_block.resnets[1](self.mid_block.attentions[0](h), time)
        for s in self.up_blocks:
            for i, resnet in enumerate(s.resnets):
                h = resnet(torch.cat([h, kept.pop()], 1), time)
                if hasattr(s, "attentions"):
                    h = s.attentions[i](h)
            if hasattr(s, "upsamplers"):
                h = s.upsamplers[0](h)
        return self.whole(self.conv_out(F.silu(self.conv_norm_out(h))))


class Work:
    def __init__(self, options, problem):
        self.x, self.low = problem["input.x"], problem["input.low"]
        self.network = UNet(options["model"]["unet"], self.x.shape[1])
        ddn.load(self.network, problem)
        for weight in self.network.parameters():
            weight.requires_grad_(False)
        self.part, self.items, self.layout = options.get("part", "evaluation"), len(self.x), torch.contiguous_format

    def prepare(self, channels_last, bfloat16):
        if channels_last:
            self.layout = torch.channels_last
            self.network = self.network.to(memory_format=torch.channels_last)

    def denoised(self, x):
        """Karras et al. 2022, equation 7, of float64 x."""
        root = math.sqrt(SIGMA**2 + SIGMA_DATA**2)
        label = torch.full((len(x),), math.log(SIGMA) / 4)
        f = self.network((x / root).float().contiguous(memory_format=self.layout), label)
        return SIGMA_DATA**2 / root**2 * x + SIGMA * SIGMA_DATA / root * f

    def evaluated(self):
        with torch.no_grad():
            return self.denoised(self.x)

    def guided(self):
        x = self.x.clone().requires_grad_()
        x0 = self.denoised(x)
        y = x0.detach().requires_grad_()
        error = F.adaptive_avg_pool2d(y, self.low.shape[-1]) - self.low
        (slope,) = torch.autograd.grad(-0.5 * error.square().sum(), y)
        (back,) = torch.autograd.grad(x0, x, slope)
        with torch.no_grad():
            moved = x + (NEXT - SIGMA) * (x - x0) / SIGMA
            return moved + 0.5 * (1 + SIGMA**2) * back + 0.5 * slope

    def run(self):
        return self.evaluated() if self.part == "evaluation" else self.guided()

    def answers(self):
        return {"x0": self.evaluated(), "guided": self.guided().detach()}
