"""What is measured: names, options, targets and what limits each."""

import json
import pathlib
import random

CONFIGS = pathlib.Path(__file__).parent.parent / "configs"


def config(name, family):
    return json.loads((CONFIGS / name).read_text())[family]


def pyramid(widths, layers, nodes):
    shape = {"widths": widths, "layers": layers, "candidates": [nodes], "image_channels": 3}
    return {"network": "pyramid", "pyramid": shape}


CIFAR = pyramid([256] * 6, [1, 2, 4, 4, 4, 4], 64)
FFHQ = pyramid([256] * 6 + [128], [1, 2, 4, 4, 4, 4, 4], 512)
MNIST_EDM, CIFAR_EDM = config("mnist_edm.json", "diffusion"), config("cifar_edm.json", "diffusion")
for options, channels in ((MNIST_EDM, 1), (CIFAR_EDM, 3)):
    # The outermost layers start at zero, which would hide a difference.
    options["unet"] = {**options["unet"], "zero_init": False, "in_channels": channels, "out_channels": channels}

GRID = [(size, nodes) for size in (1, 2, 4, 8, 16, 32, 64) for nodes in (8, 64, 256, 512)]

ROWS = [
    {
        "name": f"layer-{size}-{nodes}",
        "title": f"one DDN layer, {size}x{size}, K {nodes}: forward, backward, counts",
        "group": "grid",
        "work": "layer",
        "options": {"size": size, "nodes": nodes},
        "settings": "bfloat16, channels-last" if size >= 16 else "float32",
        # A compiler takes half a minute for each.
        "compiled": (size, nodes) in ((1, 8), (8, 64), (16, 256), (64, 512)),
        "budget": 3,
    }
    for size, nodes in GRID
] + [
    {
        "name": "recurrent-training",
        "title": "training step, recurrent DDN (basec 32, K 64, 10 levels), batch 64",
        "work": "training",
        "options": {"batch": 64, "model": config("official_mnist.json", "ddn")},
        "also": {"recompute": {"recompute": True}},
        "also_means": {"recompute": "with `train.recompute` (one level's activations at a time)"},
        "target": "4 / 1.5; memory 1/4 and time 1.35 with recompute",
        "limits": "convolutions: libtorch's bfloat16 ones alone take about two thirds of the step (weight gradients at "
        "half to three quarters of the peak), so that four times the default is out of reach with them. The rest is the norms over whole maps "
        "(fused with the SiLU before them), number type changes of weights, and the layer. The first of the ten "
        "levels runs on one row for the whole batch, since all rows are equal there.",
        "budget": 60,
    },
    {
        "name": "pyramid-training",
        "title": "training step, pyramid, CIFAR-10 widths, 4 blocks a scale, batch 16",
        "work": "training",
        "options": {"batch": 16, "ema_half_life_images": 10000, "model": CIFAR},
        "also": {"recompute": {"recompute": True}, "float32": {"precision": "float32"}},
        "also_means": {"recompute": "with `train.recompute`", "float32": "in float32"},
        "target": "2 / 1.2; 65 % of peak",
        "limits": "convolutions, nine tenths of the step: they run near the peak at 16x16 and 32x32 and far below it at 1x1 to 4x4, "
        "where there is too little work. Adam, averages and copies of the weights in bfloat16 take most of the rest, because the batch is small.",
        "budget": 60,
    },
    {
        "name": "decoding",
        "title": "random samples (codes decoded), pyramid 64x64, K 512, 8 images",
        "work": "generation",
        "options": {"batch": 8, "model": FFHQ},
        "target": "3",
        "limits": "convolutions, nine tenths; nothing of K images is made and nothing kept per layer.",
        "budget": 40,
    },
    {
        "name": "guidance",
        "title": "zero-shot super-resolution x4, pyramid 64x64, K 512, 8 images",
        "work": "generation",
        "options": {"batch": 8, "guided": True, "model": FFHQ},
        "target": "10",
        "limits": "the network's convolutions, which both sides run and which take seven tenths of steer's time: were layers and guide to cost nothing, "
        "it would be some nine times faster than the default.",
        "budget": 40,
    },
    {
        "name": "density",
        "title": "density in the plane, K 10,000, 100,000 samples",
        "work": "density",
        "options": {"nodes": 10000, "batch": 10, "samples": 100000},
        "items": 1000,
        "tunable": False,
        "target": "200; under 1 s",
        "limits": "finding the nearest node in a grid of cells, a few neighbours for each sample, independent of K. NumPy's time is that of 1,000 samples, scaled.",
    },
]
for name, title, model in (("mnist", "MNIST", MNIST_EDM), ("cifar", "CIFAR-10", CIFAR_EDM)):
    ROWS += [
        {
            "name": f"unet-{name}",
            "title": f"one evaluation of the {title} U-Net (EDM), 64 images",
            "work": "denoising",
            "options": {"batch": 64, "model": model},
            "target": "2 / 1.2",
            "limits": "convolutions of 32 to 96 channels, half of the time; then norms with SiLU (fused), sums, attention at 8x8 and the joins "
            "of the skip connections.",
        },
        {
            "name": f"tfg-{name}",
            "title": f"one TFG step, {title} U-Net, super-resolution, 64 images",
            "work": "denoising",
            "options": {"batch": 64, "part": "step", "model": model},
            "also": {"parts": {"part": "parts"}},
            "also_means": {"parts": "one evaluation, one pass back to the input and one gradient of the objective by themselves"},
            "target": "2 / 1.2; within 10 % of its parts",
            "limits": "as above, forward and back to the input; no gradient of a weight is made.",
        },
    ]

SMALL_GPT = {"width": 384, "blocks": 6, "heads": 6}
ROWS += [
    {
        "name": "text-training",
        "title": "training step, transformer 6 x 384 from left to right, 65 letters, context 256, batch 32",
        "work": "text_training",
        "options": {"batch": 32, "model": {"transformer": SMALL_GPT, "text": {"length": 256}}},
        "target": "1 beside torch.compile",
        "limits": "products of bfloat16, a third; attention and its gradient, a fifth, whose weights are made a part at a "
        "time in large products; GELU and its gradient, from memory.",
        "budget": 40,
    },
    {
        "name": "text-sampling",
        "title": "256 tokens in blocks of 4, transformer 6 x 384, 4 steps a block, 8 texts",
        "work": "text_sampling",
        "options": {
            "batch": 8,
            "model": {
                "transformer": SMALL_GPT,
                "text": {"length": 256},
                "block": 4,
                "sampler": {"steps": 4},
            },
        },
        # The loop asks for 64 lengths, each of which would be compiled anew.
        "compiled": False,
        "target": "1.5 beside the plain loop",
        "limits": "weights of 10 million numbers pass through the processor at every step, for 32 rows.",
        "budget": 60,
    },
]

# How many of QM9's 100,000 training molecules have how many atoms.
QM9_ATOMS = {
    3: 1, 4: 4, 5: 5, 6: 9, 7: 16, 8: 49, 9: 124, 10: 362, 11: 807, 12: 1689, 13: 3060, 14: 5136, 15: 7796, 16: 10644,
    17: 13025, 18: 13364, 19: 13832, 20: 9482, 21: 9970, 22: 3393, 23: 4848, 24: 539, 25: 1506, 26: 48, 27: 266, 29: 25,
}  # fmt: skip


def qm9_atoms(molecules):
    """So many quantiles of these numbers of atoms, in a fixed order at random."""
    every = [atoms for atoms, count in QM9_ATOMS.items() for _ in range(count)]
    atoms = [every[(2 * i + 1) * len(every) // (2 * molecules)] for i in range(molecules)]
    random.Random(1).shuffle(atoms)
    return atoms


ROWS += [
    {
        "name": "egnn-training",
        "title": "EGNN training step, 192 x 9, batch 64 of molecules as QM9's",
        "work": "molecule_training",
        "options": {
            "atoms": qm9_atoms(64),
            "ema_half_life_images": 50000,
            "model": {
                "network": "egnn",
                "egnn": {"atoms": 29, "elements": "HCNOF", "width": 192, "blocks": 9, "divisor": 1},
                "process": {"type": "edm", "sigma_data": 1.0},
            },
        },
        "also": {"recompute": {"recompute": True}},
        "also_means": {"recompute": "with `train.recompute`"},
        "target": "2; half the memory",
        "limits": "products of bfloat16, half of the step; SiLU, gates and sums over pairs with their gradients (fused), a third. "
        "PyTorch's is the published formulation, compiled block by block: all pairs of 29 padded places, masked, the features of both atoms side by side. "
        "steer computes pairs of atoms that are there (20,000 of 54,000) and takes products with an atom's features once for each atom: "
        "a seventh of the multiplications.",
        "budget": 60,
    },
]
ROWS += [
    {
        **ROWS[-1],
        "name": "egnn-evaluation",
        "title": "EGNN evaluation, 192 x 9, 64 molecules as QM9's: what a sample takes 50 to 1,000 of",
        "options": {**ROWS[-1]["options"], "part": "evaluation"},
        "also": {},
        "also_means": {},
        "target": "2",
        "limits": "as above, forward alone; weights of bfloat16 are made once for all evaluations.",
    },
]

WAVE = {
    "process": {"type": "flow"},
    "maps": {"kind": "wave", "rate_hz": 8000},
    "unet": {**config("digits_wave_flow.json", "diffusion")["unet"], "zero_init": False},
}
ROWS += [
    {
        "name": "wave-training",
        "title": "training step, U-Net along waveforms of 4,096 samples (flow), batch 32",
        "work": "unet_training",
        "options": {"batch": 32, "ema_half_life_images": 8000, "model": WAVE},
        "target": "1.5 beside torch.compile",
        "limits": "libtorch's convolutions of bfloat16, seven tenths of the step, three fifths of that their gradients: maps "
        "of one row and 48 to 160 channels. Norms with SiLU (fused) and copies are the rest.",
        "budget": 40,
    },
]

# Our own kernels and formulations, each beside what libtorch has for the same: name, kernel of
# bench/kernel.cpp, options.
KERNELS = [
    (f"{title}{', and back' if backward else ''}, {precision}", kernel, {"precision": precision, "backward": backward})
    for title, kernel, backwards, precisions in (
        ("group norm and SiLU, 64 x 64 x 32x32", "group_norm_silu", (False, True), ("bfloat16", "float32")),
        ("layer norm over maps after SiLU, 64 x 64 x 16x16", "layer_norm_maps", (False, True), ("bfloat16", "float32")),
        ("sum of two SiLUs, 64 x 64 x 32x32", "silu_sum", (False, True), ("bfloat16", "float32")),
        ("transposed convolution 4x4 stride 2, 64 x 64 x 16x16", "transposed_conv", (False, True), ("bfloat16", "float32")),
        ("attention of 64 positions, 64 x 64", "attention", (False, True), ("bfloat16", "float32")),
        ("Adam, 11.8 million values", "adam", (False,), ("float32",)),
    )
    for backward in backwards
    for precision in precisions
]
