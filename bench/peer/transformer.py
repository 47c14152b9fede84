"""A transformer with rotary places, pre-norm without biases and GELU, by the tensors of steer's names."""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.attn_qkv, self.attn_out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.mlp_in, self.mlp_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, h, cos, sin, mask, causal):
        B, T, D = h.shape
        q, k, v = self.attn_qkv(self.norm1(h)).view(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)

        def rotated(x):
            a, b = x.chunk(2, -1)
            return x * cos + torch.cat([-b, a], -1) * sin

        seen = F.scaled_dot_product_attention(rotated(q), rotated(k), v, attn_mask=mask, is_causal=causal)
        h = h + self.attn_out(seen.transpose(1, 2).reshape(B, T, D))
        return h + self.mlp_out(F.gelu(self.mlp_in(self.norm2(h))))


class Transformer(nn.Module):
    def __init__(self, options, tokens, outputs, length):
        super().__init__()
        width, heads = options["width"], options["heads"]
        self.table = nn.Parameter(torch.empty(tokens, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(options["blocks"]))
        self.norm_out = nn.LayerNorm(width, bias=False)
        self.linear_out = nn.Linear(width, outputs)
        half = width // heads // 2
        angle = torch.arange(length)[:, None] * 10000 ** (-torch.arange(half) / half)
        self.cos, self.sin = torch.cat([angle.cos()] * 2, 1), torch.cat([angle.sin()] * 2, 1)

    def forward(self, token, mask=None, causal=False):
        h = F.embedding(token, self.table)
        T = token.shape[1]
        cos, sin = self.cos[:T].to(h.dtype), self.sin[:T].to(h.dtype)
        for block in self.blocks:
            h = block(h, cos, sin, mask, causal)
        return self.linear_out(self.norm_out(h))


def build(options, problem):
    model = options["model"]
    table, leaves = problem["weight.table"], problem["weight.linear_out.weight"]
    network = Transformer(model["transformer"], table.shape[0], leaves.shape[0], model["text"]["length"])
    network.load_state_dict({k[len("weight."):]: v for k, v in problem.items() if k.startswith("weight.")})
    return network
