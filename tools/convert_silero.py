#!/usr/bin/env python3
"""Writes Silero's network of speech activity as a safetensors file, for the objective speech(weights=FILE).

Reads the safetensors file that a wheel of silero-vad holds (MIT), for sounds at 16 kHz, without importing it.

    pip download silero-vad==6.2.3 --no-deps
    tools/convert_silero.py silero_vad-6.2.3-py3-none-any.whl speech.safetensors

`transform` [258, 1, 256] are cosines and sines in their window; layer i of four (from 0) is `i.weight` [out, in,
3] and `i.bias`; `memory.*` an LSTM's gates as PyTorch orders them; `speech.weight` [1, hidden] and `speech.bias`.
"""

import argparse
import array
import json
import struct

from convert_torchani import Source, refuse
from torch_weights import add_arguments, write_network

MOST_BYTES = 1 << 26
NAME = r"silero_vad_16k\.safetensors"


class Values(list):
    """Numbers with a shape, as write_network takes them."""

    def __init__(self, shape, numbers):
        super().__init__(numbers)
        self.shape = shape

    def numel(self):
        return len(self)

    def float(self):
        return self

    def flatten(self):
        return self

    def tolist(self):
        return list(self)


def read_tensors(data, where):
    """The tensors of a safetensors file by name."""
    if len(data) < 8 or struct.unpack("<Q", data[:8])[0] > len(data) - 8:
        refuse(where, "a safetensors file but got something else")
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in head.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            refuse(where, f"float32 in {name} but got {entry['dtype']}")
        begin, end = (8 + size + at for at in entry["data_offsets"])
        numbers = array.array("f", data[begin:end])
        tensors[name] = Values(entry["shape"], numbers)
    return tensors


def reshaped(values, shape):
    return Values(shape, values)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    arguments = parser.parse_args()
    source = Source(arguments.files)
    found = source.ending(NAME)
    if not found:
        refuse(arguments.files, "a file silero_vad_16k.safetensors but there is none")
    where = source.where(found)
    theirs = read_tensors(source.bytes(found, MOST_BYTES), where)

    def taken(name, shape):
        if name not in theirs or list(theirs[name].shape) != shape:
            refuse(where, f"a tensor {name} {shape} but there is none")
        return theirs[name]

    tensors = {"transform": taken("stft_conv.weight", [258, 1, 256])}
    sizes = [129, 128, 64, 64, 128]
    for i in range(4):
        tensors[f"{i}.weight"] = taken(f"conv{i + 1}.weight", [sizes[i + 1], sizes[i], 3])
        tensors[f"{i}.bias"] = taken(f"conv{i + 1}.bias", [sizes[i + 1]])
    for gate in ("weight_ih", "weight_hh"):
        tensors[f"memory.{gate}"] = taken(f"lstm_cell.{gate}", [512, 128])
    for gate in ("bias_ih", "bias_hh"):
        tensors[f"memory.{gate}"] = taken(f"lstm_cell.{gate}", [512])
    tensors["speech.weight"] = reshaped(taken("final_conv.weight", [1, 128, 1]), [1, 128])
    tensors["speech.bias"] = taken("final_conv.bias", [1])
    write_network(arguments.out, tensors, "speech", source, arguments)


if __name__ == "__main__":
    main()
