"""Weights that wheels hold as PyTorch's pickles, as safetensors files for steer.

Needs torch, and runs no code of theirs.
"""

import io
import json

from convert_torchani import Source, described, refuse, write_safetensors

MOST_BYTES = 1 << 28


def read_weights(source, name):
    """The tensors of a pickle by name, read with weights_only: other objects than tensors are refused."""
    import torch

    data = source.bytes(name, MOST_BYTES)
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises several
        refuse(source.where(name), f"a file of torch.save with tensors but got {error}")


def opened_weights(path, name):
    """A wheel or folder, and the pickle in it whose path ends so."""
    source = Source(path)
    found = source.ending(name)
    if not found:
        refuse(path, f"a file {name} but there is none")
    return source, read_weights(source, found)


def tensor_of(weights, name, shape, where):
    """A tensor of a state by name in float64, of this shape (None: any size)."""
    import torch

    value = weights.get(name) if isinstance(weights, dict) else None
    if not torch.is_tensor(value) or not value.is_floating_point():
        refuse(where, f"a tensor {name} of real numbers but there is none")
    if value.dim() != len(shape) or any(want not in (None, size) for want, size in zip(shape, value.shape)):
        refuse(where, f"a tensor {name} {list(shape)} but got {list(value.shape)}")
    if not value.isfinite().all():
        refuse(where, f"finite numbers in {name} but got others")
    return value.double()


def write_network(out, tensors, family, source, arguments, network=None):
    """Float32 with what is known of where they are from; prints a line."""
    metadata = {"format": "steer", "family": family,
                "options": json.dumps({"network": network or {}}, separators=(",", ":")),
                **described(source, arguments)}
    parts = {name: (list(value.shape), floats_of(value)) for name, value in tensors.items()}
    write_safetensors(out, parts, metadata)
    count = sum(value.numel() for value in tensors.values())
    print(f"{out}: {family} of {metadata['source']} {metadata['version']}, {count} values, "
          f"source's sha256 {metadata['sha256']}")


def floats_of(value):
    """A tensor's numbers as bytes of little-endian float32."""
    import array
    import sys

    numbers = array.array("f", value.float().flatten().tolist())
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def add_arguments(parser):
    parser.add_argument("files", metavar="WHEEL_OR_FOLDER", help="a wheel, or a folder with its files")
    parser.add_argument("out", help="safetensors file to write")
    parser.add_argument("--source", help="what the metadata call the source of a folder; the folder's name")
    parser.add_argument("--version", help="and its version")
