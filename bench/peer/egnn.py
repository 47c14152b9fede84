"""The equivariant network of molecules as published (Hoogeboom et al. 2022).

All ordered pairs of padded places, masks for atoms and pairs, features of a pair joined side by side, sums by
scattering.
"""

import torch
from torch import nn


def sums_over_pairs(values, first, places):
    """values [E, C] summed by the place that each pair begins at: [places, C]."""
    sums = torch.zeros(places, values.shape[1], dtype=values.dtype)
    return sums.scatter_add(0, first[:, None].expand(-1, values.shape[1]), values)


def between(x, first, second):
    """Squared distances of pairs [E, 1], and differences divided by distance + 1 [E, 3]."""
    difference = x.index_select(0, first) - x.index_select(0, second)
    d = difference.square().sum(1, keepdim=True)
    return d, difference / ((d + 1e-8).sqrt() + 1)


def joined(h, d, first, second):
    """What a layer over pairs sees: [E, 2 width + 2]."""
    return torch.cat([h.index_select(0, first), h.index_select(0, second), d], 1)


class Messages(nn.Module):
    def __init__(self, width, divisor):
        super().__init__()
        self.divisor = divisor
        self.edge_mlp = nn.Sequential(nn.Linear(2 * width + 2, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.node_mlp = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, width))
        self.att_mlp = nn.Sequential(nn.Linear(width, 1), nn.Sigmoid())

    def forward(self, h, d, pairs):
        first, second, atom, edge = pairs
        m = self.edge_mlp(joined(h, d, first, second))
        m = m * self.att_mlp(m) * edge.to(m.dtype)
        sums = sums_over_pairs(m, first, len(h)) / self.divisor
        return (h + self.node_mlp(torch.cat([h, sums], 1))) * atom


class Steps(nn.Module):
    """How far positions move."""

    def __init__(self, width, reach, divisor):
        super().__init__()
        self.reach, self.divisor = reach, divisor
        self.coord_mlp = nn.Sequential(
            nn.Linear(2 * width + 2, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1, bias=False)
        )

    def forward(self, h, x, unit, d, pairs):
        first, second, atom, edge = pairs
        phi = torch.tanh(self.coord_mlp(joined(h, d, first, second)))
        sums = sums_over_pairs(unit * phi * self.reach * edge, first, len(h)) / self.divisor
        return (x + sums) * atom


class Block(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.gcl_0 = Messages(o["width"], o["divisor"])
        self.gcl_equiv = Steps(o["width"], o.get("range", 15), o["divisor"])

    def forward(self, h, x, d_input, pairs):
        d, unit = between(x, pairs[0], pairs[1])
        d = torch.cat([d, d_input], 1)
        h = self.gcl_0(h, d, pairs)
        return h, self.gcl_equiv(h, x, unit, d, pairs)


class Egnn(nn.Module):
    def __init__(self, o):
        super().__init__()
        numbers, width = len(o["elements"]) + 1, o["width"]
        self.embedding, self.embedding_out = nn.Linear(numbers, width), nn.Linear(width, numbers)
        for i in range(o["blocks"]):
            self.add_module(f"e_block_{i}", Block(o))
        self.blocks = o["blocks"]

    def parts(self):
        return [getattr(self, f"e_block_{i}") for i in range(self.blocks)]

    def forward(self, z, label, there, pairs):
        """z [B, A, 3 + types], label [B], there [B, A, 1]: 1 for an atom, else 0; pairs of all_pairs(there)."""
        B, A, D = z.shape
        told = label[:, None, None].expand(B, A, 1)
        x_input = x = z[..., :3].reshape(B * A, 3)
        h = self.embedding(torch.cat([z[..., 3:], told], 2).reshape(B * A, D - 2))
        d_input, _ = between(x, pairs[0], pairs[1])
        for block in self.parts():
            h, x = block(h, x, d_input, pairs)
        h = self.embedding_out(h) * pairs[2]
        moved = ((x - x_input) * pairs[2]).reshape(B, A, 3)
        return torch.cat([centred(moved, there), h[:, :-1].reshape(B, A, D - 3)], 2)


def centred(x, there):
    """Positions without the mean over a molecule's atoms; zeros elsewhere."""
    x = x * there
    return x - there * (x.sum(1, keepdim=True) / there.sum(1, keepdim=True))


def all_pairs(there):
    """Of all B A A pairs of places the first and the second, and masks [B A, 1] of atoms and [B A A, 1] of pairs."""
    B, A, _ = there.shape
    place = torch.arange(B * A).reshape(B, A)
    first, second = place[:, :, None].expand(B, A, A), place[:, None, :].expand(B, A, A)
    edge = there * there.reshape(B, 1, A) * (1 - torch.eye(A))
    return first.reshape(-1), second.reshape(-1), there.reshape(-1, 1), edge.reshape(-1, 1)
