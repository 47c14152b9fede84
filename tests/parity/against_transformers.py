"""Compares logits with GPT-2 of the transformers library and with a DDiT written down plainly, both with random
weights. Prints a table; exit 1 above 1e-4. Usage: against_transformers.py BUILD"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

BUILD = sys.argv[1]
VOCABULARY, LIMIT = 40, 1e-4


def put_tokenizer(folder):
    words = {chr(97 + i) if i < 26 else chr(65 + i - 26): i for i in range(VOCABULARY - 1)}
    words["<|endoftext|>"] = VOCABULARY - 1
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")


def ours(folder, tokens, noise=None):
    asked = {"tokens": tokens} if noise is None else {"tokens": tokens, "noise": noise}
    path = folder / "asked"
    save_file(asked, path)
    made = subprocess.run([f"{BUILD}/parity_text", "logits", folder, path], capture_output=True)
    if made.returncode:
        sys.exit(made.stderr.decode())
    return load_file(f"{path}.out")["logits"]


def gpt2(folder, width, blocks, heads):
    torch.manual_seed(width)
    put_tokenizer(folder)
    config = GPT2Config(vocab_size=VOCABULARY, n_positions=32, n_embd=width, n_layer=blocks, n_head=heads)
    model = GPT2LMHeadModel(config).eval()
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(folder)
    tokens = torch.randint(0, VOCABULARY, (3, 29))
    with torch.no_grad():
        return (model(tokens).logits - ours(folder, tokens)).abs().max().item()


def rotated(x):
    """x [B, H, T, d]: both halves of d turned by the places."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[2])[:, None] * 10000 ** (-torch.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


def ddit_logits(w, tokens, noise, blocks, heads):
    """diffusion.md's backbone: pre-norm, fused qkv, adaLN of six parts, GELU by tanh."""

    def linear(x, name):
        return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    angle = noise[:, None] * torch.exp(-math.log(10000) * torch.arange(128) / 128)
    told = F.silu(linear(F.silu(linear(torch.cat([angle.cos(), angle.sin()], 1), "sigma_map.mlp.0")), "sigma_map.mlp.2"))

    def normed(h, name, shift, scale):
        return F.layer_norm(h, h.shape[-1:]) * w[name + ".weight"] * (1 + scale) + shift

    h = w["vocab_embed.embedding"][tokens]
    for i in range(blocks):
        at = f"blocks.{i}."
        m = linear(told, at + "adaLN_modulation")[:, None].chunk(6, -1)
        B, T, D = h.shape
        q, k, v = (
            linear(normed(h, at + "norm1", m[0], m[1]), at + "attn_qkv").view(B, T, 3, heads, -1).permute(2, 0, 3, 1, 4)
        )
        seen = F.scaled_dot_product_attention(rotated(q), rotated(k), v).transpose(1, 2).reshape(B, T, D)
        h = h + m[2] * linear(seen, at + "attn_out")
        z = normed(h, at + "norm2", m[3], m[4])
        h = h + m[5] * linear(F.gelu(linear(z, at + "mlp.0"), approximate="tanh"), at + "mlp.2")
    m = linear(told, "output_layer.adaLN_modulation")[:, None].chunk(2, -1)
    return linear(normed(h, "output_layer.norm_final", *m), "output_layer.linear")


def ddit(folder, width, blocks, heads, time):
    torch.manual_seed(width)
    put_tokenizer(folder)
    states, w = VOCABULARY + 1, {}

    def put(name, *shape):
        w[name] = torch.randn(shape) * 0.1 + (1 if "norm" in name else 0)

    def put_linear(name, enters, leaves):
        put(name + ".weight", leaves, enters)
        put(name + ".bias", leaves)

    put("vocab_embed.embedding", states, width)
    put_linear("sigma_map.mlp.0", 256, 128)
    put_linear("sigma_map.mlp.2", 128, 128)
    for i in range(blocks):
        at = f"blocks.{i}."
        put(at + "norm1.weight", width)
        put(at + "norm2.weight", width)
        put(at + "attn_qkv.weight", 3 * width, width)
        put(at + "attn_out.weight", width, width)
        put_linear(at + "mlp.0", width, 4 * width)
        put_linear(at + "mlp.2", 4 * width, width)
        put_linear(at + "adaLN_modulation", 128, 6 * width)
    put("output_layer.norm_final.weight", width)
    put_linear("output_layer.linear", width, states)
    put_linear("output_layer.adaLN_modulation", 128, 2 * width)
    save_file({"backbone." + name: tensor for name, tensor in w.items()}, folder / "model.safetensors")
    config = {"model_type": "mdlm", "hidden_dim": width, "n_blocks": blocks, "n_heads": heads, "cond_dim": 128}
    config |= {"model_length": 32, "vocab_size": states, "time_conditioning": time}
    (folder / "config.json").write_text(json.dumps(config))
    tokens, noise = torch.randint(0, states, (3, 29)), torch.tensor([0.0, 0.5, 6.0]) * (1 if time else 0)
    theirs = ddit_logits(w, tokens, noise, blocks, heads)[..., :VOCABULARY]
    return (theirs - ours(folder, tokens, noise if time else None)).abs().max().item()


def main():
    rows = []
    for width, blocks, heads in ((48, 2, 3), (128, 4, 4), (384, 6, 6)):
        for name, compare in (
            ("GPT-2", lambda f: gpt2(f, width, blocks, heads)),
            ("DDiT, told the noise", lambda f: ddit(f, width, blocks, heads, True)),
            ("DDiT, noise always 0", lambda f: ddit(f, width, blocks, heads, False)),
        ):
            with tempfile.TemporaryDirectory() as folder:
                rows.append((name, f"{width} x {blocks} x {heads}", compare(pathlib.Path(folder))))
    print("| network, width x blocks x heads | largest difference of logits |\n|---|---|")
    for name, shape, difference in rows:
        print(f"| {name}, {shape} | {difference:.1e} |")
    sys.exit(any(difference > LIMIT for *_, difference in rows))


if __name__ == "__main__":
    main()
