#!/usr/bin/env python3
"""Writes an ANI potential as a safetensors file, for the objective ani(weights=FILE).

Reads the NeuroChem files that a wheel of torchani holds, or a folder with such files, without importing
torchani. The wheel of version 2.1.1 holds ANI-1x; the files of ANI-1ccx and ANI-2x have the same form.

    pip download torchani==2.1.1 --no-deps
    tools/convert_torchani.py torchani-2.1.1-py3-none-any.whl ani1x.safetensors --potential ani1x

The networks of an ensemble stand one after the other in each tensor: of element H and layer 0 (from 0)
`H.0.weight` [networks, out, in] and `H.0.bias` [networks, out]. Lengths are in Angstrom, energies in Hartree.
"""

import argparse
import array
import bz2
import hashlib
import json
import math
import os
import re
import struct
import sys
import zipfile
import zlib

FOLDERS = {"ani2x": "ani-2x_8x", "ani1x": "ani-1x_8x", "ani1ccx": "ani-1ccx_8x"}
CELU, NO_ACTIVATION = 9, 6  # NeuroChem's numbers
CELU_ALPHA = 0.1  # of all its CELUs
UNREADABLE = (OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error, struct.error,
              zipfile.BadZipFile)
MOST_OF_TEXT = 1 << 20  # bytes
MOST_NETWORKS, MOST_NODES, MOST_INPUTS = 64, 1 << 14, 1 << 16
NUMBERS = {"Rcr": "radial_cutoff", "Rca": "angular_cutoff"}
SINGLES = {"EtaR": "radial_eta", "EtaA": "angular_eta", "Zeta": "zeta"}
LISTS = {"ShfR": "radial_shifts", "ShfA": "angular_shifts", "ShfZ": "angle_shifts"}


def refuse(where, text):
    sys.exit(f"[{os.path.basename(sys.argv[0]).partition('.')[0]}] {where}: expected {text}")


class Source:
    """Files by name, out of a wheel or a folder."""

    def __init__(self, path):
        self.path, self.sizes, self.used = path, {}, {}
        self.wheel = None if os.path.isdir(path) else self.opened(path)
        if self.wheel:
            self.sizes = {each.filename: each.file_size for each in self.wheel.infolist()}
            return
        for folder, _, names in os.walk(path):
            for whole in (os.path.join(folder, name) for name in names):
                if os.path.isfile(whole):
                    name = os.path.relpath(whole, path).replace(os.sep, "/")
                    self.sizes[name] = os.path.getsize(whole)

    @staticmethod
    def opened(path):
        try:
            return zipfile.ZipFile(path)
        except UNREADABLE as error:
            refuse(path, f"a wheel or a folder but got {error}")

    def where(self, name):
        return f"{self.path}: {name}"

    def bytes(self, name, most):
        """A file of at most so many bytes."""
        if name not in self.sizes:
            refuse(self.where(name), "a file but there is none")
        if self.sizes[name] > most:
            refuse(self.where(name), f"at most {most} bytes but got {self.sizes[name]}")
        try:
            with self.wheel.open(name) if self.wheel else open(os.path.join(self.path, name), "rb") as file:
                self.used[name] = file.read(most + 1)
        except UNREADABLE as error:
            refuse(self.where(name), f"a readable file but got {error}")
        return self.used[name]

    def text(self, name):
        return self.bytes(name, MOST_OF_TEXT).decode("utf-8", "replace")

    def ending(self, pattern):
        """The shortest name that ends so; none where there is none."""
        found = [name for name in self.sizes if re.search("(^|/)" + pattern + "$", name)]
        return min(found, key=lambda name: (len(name), name), default=None)

    def sha256(self):
        """Of the wheel; of a folder, of what was read, one file after the other by name."""
        digest = hashlib.sha256()
        if self.wheel:
            with open(self.path, "rb") as file:
                for part in iter(lambda: file.read(1 << 20), b""):
                    digest.update(part)
        for name in [] if self.wheel else sorted(self.used):
            digest.update(self.used[name])
        return digest.hexdigest()


def number(text, where):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        refuse(where, f"a finite number but got {text.strip()[:60]!r}")
    return value


def listed(text, where):
    found = re.fullmatch(r"\s*\[([^\[\]]*)\]\s*", text)
    if not found:
        refuse(where, f"a list in brackets but got {text.strip()[:60]!r}")
    return [each.strip() for each in found.group(1).split(",")]


def constants(source, name):
    """The .params file: a line `name = value` for each constant."""
    found = {}
    for line in source.text(name).splitlines():
        key, sign, value = (part.strip() for part in line.partition("="))
        where = source.where(f"{name}: {key}")
        if not sign:
            continue
        if key in NUMBERS:
            found[NUMBERS[key]] = number(value, where)
        elif key in LISTS:
            found[LISTS[key]] = [number(each, where) for each in listed(value, where)]
        elif key in SINGLES:
            values = listed(value, where)
            if len(values) != 1:
                refuse(where, f"one number but got {len(values)}")
            found[SINGLES[key]] = number(values[0], where)
        elif key == "Atyp":
            found["elements"] = listed(value, where)
    for key in ["elements", *NUMBERS.values(), *SINGLES.values(), *LISTS.values()]:
        if key not in found:
            refuse(source.where(name), f"a value for {key} but got none")
    if any(not re.fullmatch("[A-Z][a-z]?", each) for each in found["elements"]):
        refuse(source.where(name), f"symbols of elements but got {found['elements']}")
    return found


def self_energies(source, name, elements):
    """sae_linfit.dat: lines `H,0=-0.6` in the order of the elements, Hartree."""
    energies = {}
    for line in source.text(name).splitlines():
        found = re.fullmatch(r"\s*([A-Za-z]+)\s*,\s*(\d+)\s*=(.*)", line)
        if found:
            energies[found.group(1)] = number(found.group(3), source.where(f"{name}: {found.group(1)}"))
    for element in elements:
        if element not in energies:
            refuse(source.where(name), f"the self energy of {element} but got none")
    return [energies[element] for element in elements]


def network_text(source, name):
    """What is compressed in a .nnf file behind a line `length=`."""
    data = source.bytes(name, MOST_OF_TEXT)
    begin = data.find(b"=")
    try:
        text = bz2.BZ2Decompressor().decompress(data[begin + 2 :], MOST_OF_TEXT)
    except (OSError, ValueError, EOFError) as error:
        refuse(source.where(name), f"text that bzip2 compressed, behind its length, but got {error}")
    return text.decode("ascii", "replace")


def layers(source, name):
    """(in, out, weights' file, biases' file) of each layer of a .nnf file."""
    text, where, found = network_text(source, name), source.where(name), []
    for block in re.findall(r"layer\s*\[((?:[^\[\]]|\[\d+\])*)\]", text):

        def word(key, pattern):
            match = re.search(rf"(?:^|[\s;]){key}\s*=\s*{pattern}\s*;", block)
            if not match:
                refuse(where, f"a value for {key} in layer {len(found) + 1} but got none")
            return match.groups()

        sizes = [int(word(key, r"(\d{1,9})")[0]) for key in ("blocksize", "nodes", "activation")]
        into, out, activation = sizes
        files = [word(key, r"FILE:([\w.-]+)\[(\d{1,12})\]") for key in ("weights", "biases")]
        if not (1 <= into <= MOST_INPUTS and 1 <= out <= MOST_NODES):
            refuse(where, f"layers of at most {MOST_INPUTS} x {MOST_NODES} but got {into} x {out}")
        if int(files[0][1]) != into * out or int(files[1][1]) != out:
            refuse(where, f"{into * out} weights and {out} biases but got {files[0][1]} and {files[1][1]}")
        found.append((into, out, activation, files[0][0], files[1][0]))
    if not found or [each[2] for each in found] != [CELU] * (len(found) - 1) + [NO_ACTIVATION]:
        refuse(where, f"layers with CELU ({CELU}), the last without, but got activations "
               f"{[each[2] for each in found]}")
    if any(a[1] != b[0] for a, b in zip(found, found[1:])) or found[-1][1] != 1:
        refuse(where, "layers that fit one another and give one number")
    return [(each[0], each[1], each[3], each[4]) for each in found]


def floats(source, name, count):
    data = source.bytes(name, 4 * count)
    if len(data) != 4 * count:
        refuse(source.where(name), f"{4 * count} bytes but got {len(data)}")
    values = array.array("f")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    if not all(map(math.isfinite, values)):
        refuse(source.where(name), "finite numbers but got others")
    return data


def networks(source, folder, elements):
    """{name: (shape, bytes)} of all networks of an ensemble: folder/train0 and so on."""
    count = 0
    while f"{folder}/train{count}/networks/ANN-{elements[0]}.nnf" in source.sizes and count < MOST_NETWORKS:
        count += 1
    if count == 0:
        refuse(source.where(folder), "networks in train0/networks but there are none")
    tensors = {}
    for element in elements:
        known = None
        for member in range(count):
            inside = f"{folder}/train{member}/networks"
            shape = layers(source, f"{inside}/ANN-{element}.nnf")
            sizes = [each[:2] for each in shape]
            if known not in (None, sizes):
                refuse(source.where(inside), f"the layers of train0 for {element}, {known}, but got {sizes}")
            known = sizes
            for layer, (into, out, weight, bias) in enumerate(shape):
                for name, file, size in (("weight", weight, [out, into]), ("bias", bias, [out])):
                    data = floats(source, f"{inside}/{file}", math.prod(size))
                    tensors.setdefault(f"{element}.{layer}.{name}", ([count, *size], []))[1].append(data)
    return {name: (shape, b"".join(parts)) for name, (shape, parts) in tensors.items()}


def described(source, arguments):
    """Where the potential is from: words for the metadata."""
    words = {"source": os.path.basename(os.path.abspath(source.path)), "version": "unknown"}
    about = source.ending(r"[^/]*\.dist-info/METADATA")
    if about:
        for key, word in (("Name", "source"), ("Version", "version")):
            found = re.search(rf"^{key}: *(\S+)", source.text(about), re.MULTILINE)
            words[word] = found.group(1) if found else words[word]
    for key in ("source", "version"):
        words[key] = getattr(arguments, key) or words[key]
    licence = source.ending(r"(LICEN[CS]E|COPYING)[^/]*")
    words["licence"] = source.text(licence) if licence else "none found in the source"
    words["sha256"] = source.sha256()
    return words


def write_safetensors(path, tensors, metadata):
    """Eight bytes of header length, a JSON header padded with spaces, the tensors one after the other."""
    header, end = {"__metadata__": metadata}, 0
    for name in sorted(tensors):
        shape, data = tensors[name]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for name in sorted(tensors):
                file.write(tensors[name][1])
        os.replace(part, path)
    except OSError as error:
        if os.path.exists(part):
            os.remove(part)
        refuse(path, f"to write it but got {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="WHEEL_OR_FOLDER", help="a wheel, or a folder with such files")
    parser.add_argument("out", help="safetensors file to write")
    parser.add_argument("--potential", choices=sorted(FOLDERS), default="ani2x", help="which; ani2x")
    parser.add_argument("--source", help="what the metadata call the source of a folder; the folder's name")
    parser.add_argument("--version", help="and its version")
    arguments = parser.parse_args()
    source, folder = Source(arguments.files), FOLDERS[arguments.potential]
    params = source.ending(rf"{folder}/[^/]*\.params")
    if not params:
        known = [name for name, inside in FOLDERS.items() if source.ending(rf"{inside}/[^/]*\.params")]
        refuse(arguments.files, f"files of {arguments.potential} but got " + (" and ".join(known) or "none"))
    folder = os.path.dirname(params)
    network = constants(source, params)
    network["celu_alpha"] = CELU_ALPHA
    network["self_energies"] = self_energies(source, f"{folder}/sae_linfit.dat", network["elements"])
    tensors = networks(source, folder, network["elements"])
    metadata = {"format": "steer", "family": "ani", "potential": arguments.potential,
                "options": json.dumps({"network": network}, separators=(",", ":")),
                **described(source, arguments)}
    write_safetensors(arguments.out, tensors, metadata)
    count = sum(len(data) // 4 for _, data in tensors.values())
    print(f"{arguments.out}: {arguments.potential} of {metadata['source']} {metadata['version']}, elements "
          f"{' '.join(network['elements'])}, {next(iter(tensors.values()))[0][0]} networks, {count} values")


if __name__ == "__main__":
    main()
