#!/usr/bin/env python3
"""Writes resemblyzer's network of voices as a safetensors file, for speaker(FILE, weights=FILE).

Reads the weights that a wheel of resemblyzer holds, without importing resemblyzer; needs torch.

    pip download resemblyzer==0.1.4 --no-deps
    tools/convert_resemblyzer.py Resemblyzer-0.1.4-py3-none-any.whl voice.safetensors

Tensors have PyTorch's names and shapes: `lstm.weight_ih_l0` [1024, 40] and so on, `linear.weight` [256, 256].
"""

import argparse

from torch_weights import add_arguments, opened_weights, refuse, tensor_of, write_network

LAYERS, BANDS = 3, 40


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    arguments = parser.parse_args()
    source, file = opened_weights(arguments.files, r"pretrained\.pt")
    where = source.where("pretrained.pt")
    weights = file.get("model_state") if isinstance(file, dict) else None
    if not weights:
        refuse(where, "weights under model_state but there are none")
    hidden = tensor_of(weights, "lstm.weight_hh_l0", (None, None), where).shape[1]
    tensors, enters = {}, BANDS
    for layer in range(LAYERS):
        for name, shape in (("weight_ih", (4 * hidden, enters)), ("weight_hh", (4 * hidden, hidden)),
                            ("bias_ih", (4 * hidden,)), ("bias_hh", (4 * hidden,))):
            whole = f"lstm.{name}_l{layer}"
            tensors[whole] = tensor_of(weights, whole, shape, where)
        enters = hidden
    tensors["linear.weight"] = tensor_of(weights, "linear.weight", (None, hidden), where)
    tensors["linear.bias"] = tensor_of(weights, "linear.bias", (tensors["linear.weight"].shape[0],), where)
    write_network(arguments.out, tensors, "voice", source, arguments)


if __name__ == "__main__":
    main()
