"""What is measured: names, options, targets and what limits each."""

import json
import pathlib

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
        "target": "4 / 1.5; memory 1/4",
        "budget": 60,
    },
    {
        "name": "pyramid-training",
        "title": "training step, pyramid, CIFAR-10 widths, 4 blocks a scale, batch 16",
        "work": "training",
        "options": {"batch": 16, "ema_half_life_images": 10000, "model": CIFAR},
        "also": {"recompute": {"recompute": True}},
        "target": "2 / 1.2; 65 % of peak",
        "budget": 60,
    },
    {
        "name": "decoding",
        "title": "random samples (codes decoded), pyramid 64x64, K 512, 8 images",
        "work": "generation",
        "options": {"batch": 8, "model": FFHQ},
        "target": "3",
        "budget": 40,
    },
    {
        "name": "guidance",
        "title": "zero-shot super-resolution x4, pyramid 64x64, K 512, 8 images",
        "work": "generation",
        "options": {"batch": 8, "guided": True, "model": FFHQ},
        "target": "10",
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
    },
    {
        "name": "unet-mnist",
        "title": "one evaluation of the MNIST U-Net (EDM), 64 images",
        "work": "denoising",
        "options": {"batch": 64, "model": MNIST_EDM},
        "target": "2 / 1.2",
    },
    {
        "name": "unet-cifar",
        "title": "one evaluation of the CIFAR-10 U-Net (EDM), 64 images",
        "work": "denoising",
        "options": {"batch": 64, "model": CIFAR_EDM},
        "target": "2 / 1.2",
    },
    {
        "name": "tfg-mnist",
        "title": "one TFG step, MNIST U-Net, super-resolution, 64 images",
        "work": "denoising",
        "options": {"batch": 64, "part": "step", "model": MNIST_EDM},
        "also": {"parts": {"part": "parts"}},
        "target": "2 / 1.2; within 10 % of its parts",
    },
    {
        "name": "tfg-cifar",
        "title": "one TFG step, CIFAR-10 U-Net, super-resolution, 64 images",
        "work": "denoising",
        "options": {"batch": 64, "part": "step", "model": CIFAR_EDM},
        "also": {"parts": {"part": "parts"}},
        "target": "2 / 1.2; within 10 % of its parts",
    },
]
