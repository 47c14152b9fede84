"""Whether what a program made is what was kept: pictures by their pixels, figures by their names.

same.py picture KEPT MADE           two PNG files
same.py figures KEPT NAME MADE      KEPT holds the figures of every NAME, MADE the line of JSON that was printed
same.py json KEPT MADE              two JSON files: everything in KEPT but seconds and words about the setting
same.py keep KEPT NAME MADE         puts the figures of MADE into KEPT under NAME
Exits with 1 and one line that says what differs. What MADE has more is no difference.
"""

import json
import pathlib
import struct
import sys
import zlib

# Pixels are whole numbers of 0 to 255 that libtorches round differently: one apart is the same, and this share
# of a picture's numbers may be further apart.
LEVELS, SHARE = 1, 0.01
# Figures are the same within this share of their size, and within this much.
RELATIVE, ABSOLUTE = 2e-3, 2e-4
# The figures that are kept: what a program measured, not how it was asked or how long it took.
NAMES = """scores score_mean score_best evaluations judge accuracy confidence loss psnr mse mse_by_layer bits bits_per_dimension each
fingerprint bytes latent_bits file_bits prior_bits held images coder value trials samples_in_all confirmed found confusion""".split()


def read_png(path):
    """(width, height, channels) and the bytes of an 8-bit PNG that is not interlaced."""
    data = pathlib.Path(path).read_bytes()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        sys.exit(f"{path}: expected a PNG")
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    channels = {0: 1, 2: 3, 4: 2, 6: 4}.get(colour)
    if depth != 8 or interlaced or not channels:
        sys.exit(f"{path}: expected 8 bits without palette and interlacing")
    raw, stride = zlib.decompress(packed), width * channels
    rows, above = [], bytes(stride)
    for y in range(height):
        start = y * (stride + 1)
        row = bytearray(raw[start + 1 : start + 1 + stride])
        undo_filter(raw[start], row, above, channels)
        rows.append(bytes(row))
        above = row
    return (width, height, channels), b"".join(rows)


def undo_filter(kind, row, above, step):
    for i in range(len(row)):
        left = row[i - step] if i >= step else 0
        up, corner = above[i], above[i - step] if i >= step else 0
        if kind == 4:
            guess = left + up - corner
            near = [abs(guess - left), abs(guess - up), abs(guess - corner)]
            row[i] = (row[i] + (left, up, corner)[near.index(min(near))]) & 255
        else:
            row[i] = (row[i] + (0, left, up, (left + up) // 2)[kind]) & 255


def picture_difference(kept, made):
    """What differs in words, or nothing."""
    (kept_shape, kept_bytes), (made_shape, made_bytes) = read_png(kept), read_png(made)
    if kept_shape != made_shape:
        return f"expected width, height, channels {kept_shape} but got {made_shape}"
    apart = [abs(a - b) for a, b in zip(kept_bytes, made_bytes)]
    far = sum(d > LEVELS for d in apart)
    if far > SHARE * len(apart):
        return f"{far} of {len(apart)} numbers are more than {LEVELS} apart, at most {max(apart)}; {SHARE:.0%} may be"
    return ""


def difference(kept, made, name):
    """What of `kept` is not so in `made`, in words, or nothing."""
    if isinstance(kept, dict):
        if not isinstance(made, dict):
            return f"{name}: expected names and values but got {made}"
        missing = [key for key in kept if key not in made]
        if missing:
            return f"{name}: expected {missing[0]} but there is none"
        parts = [(kept[key], made[key], f"{name}.{key}") for key in kept if key not in ("seconds", "setting")]
    elif isinstance(kept, list):
        if not isinstance(made, list) or len(kept) != len(made):
            return f"{name}: expected {kept} but got {made}"
        parts = [(a, b, f"{name}[{i}]") for i, (a, b) in enumerate(zip(kept, made))]
    elif isinstance(kept, (int, float)) and not isinstance(kept, bool) and isinstance(made, (int, float)):
        near = abs(kept - made) <= max(ABSOLUTE, RELATIVE * abs(kept))
        return "" if near else f"{name}: expected {kept} but got {made}"
    else:
        return "" if kept == made else f"{name}: expected {kept} but got {made}"
    return next(filter(None, (difference(*part) for part in parts)), "")


def read_json(path):
    return json.loads(pathlib.Path(path).read_text())


def main():
    what, *rest = sys.argv[1:]
    if what == "picture":
        sys.exit(picture_difference(*rest) or 0)
    if what == "json":
        kept, made = map(read_json, rest)
        sys.exit(difference(kept, made, pathlib.Path(rest[0]).name) or 0)
    file, name, made = rest
    made = read_json(made)
    if what == "figures":
        sys.exit(difference(read_json(file).get(name, {}), made, name) or 0)
    path = pathlib.Path(file)
    all_figures = read_json(path) if path.exists() else {}
    figures = {key: value for key, value in made.items() if key in NAMES}
    if figures:
        all_figures[name] = figures
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in all_figures.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
