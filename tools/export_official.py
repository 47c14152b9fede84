#!/usr/bin/env python3
"""Writes the weights of an official network, DDN or EDM, as a safetensors file for `steer import`.

Run it where the official code and PyTorch are, for the files are pickles and execute code:

    python export_official.py cifar-ddn.pkl cifar-ddn.safetensors
    steer import cifar-ddn.safetensors --official pyramid --out runs/official

A .pkl holds a dictionary whose key "ema" is the network; any other file is what torch.load gives: a module, a
state dict, or a dictionary with one of them under "ema", "net", "model" or "state_dict".
"""

import argparse
import json
import pickle
import struct
import sys

KEYS = ("ema", "net", "model", "state_dict")
TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64",
         "int32": "I32", "uint8": "U8", "bool": "BOOL"}


def loaded(path, torch):
    if path.endswith(".pkl"):
        with open(path, "rb") as file:
            return pickle.load(file)
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except TypeError:  # PyTorch before 1.13 has no such argument
        return torch.load(path, map_location="cpu")


def state_of(thing):
    """The named tensors of a module, a state dict, or a dictionary that holds one of them."""
    if hasattr(thing, "state_dict"):
        return dict(thing.state_dict())
    if isinstance(thing, dict):
        for key in KEYS:
            if thing.get(key) is not None and not hasattr(thing[key], "numel"):
                return state_of(thing[key])
        if thing and all(hasattr(value, "numel") for value in thing.values()):
            return dict(thing)
    sys.exit("export_official: expected a module, a state dict, or a dictionary with one under "
             + ", ".join(KEYS) + " but got " + type(thing).__name__)


def tensor_bytes(tensor, torch):
    tensor = tensor.detach().cpu().contiguous()
    if tensor.numel() == 0:
        return b""
    if str(tensor.dtype) == "torch.bfloat16":  # NumPy knows no bfloat16
        tensor = tensor.view(torch.int16)
    return tensor.numpy().tobytes()


def write_safetensors(path, state, torch):
    """Eight bytes of header length, a JSON header padded with spaces, the tensors one after the other."""
    header, end = {}, 0
    for name, tensor in sorted(state.items()):
        kind = str(tensor.dtype).replace("torch.", "")
        if kind not in TYPES:
            sys.exit(f"export_official: {name}: expected one of {', '.join(TYPES)} but got {kind}")
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": TYPES[kind], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for name, tensor in sorted(state.items()):
            file.write(tensor_bytes(tensor, torch))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", help="the official .pkl, or a file that torch.save wrote")
    parser.add_argument("out", help="safetensors file to write")
    parser.add_argument("--code", action="append", default=[], metavar="DIR",
                        help="folder of the official code, put on Python's path (repeatable)")
    arguments = parser.parse_args()
    sys.path[:0] = arguments.code
    import torch

    state = state_of(loaded(arguments.weights, torch))
    write_safetensors(arguments.out, state, torch)
    values = sum(tensor.numel() for tensor in state.values())
    parts = {"edm": "e_block_0", "recurrent": "b1_leak_choice", "pyramid": ""}
    kind = next(kind for kind, part in parts.items() if any(part in name for name in state))
    print(f"{arguments.out}: {len(state)} tensors, {values} values; next: "
          f"steer import {arguments.out} --official {kind} --out RUN")


if __name__ == "__main__":
    main()
