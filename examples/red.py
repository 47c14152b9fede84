#!/usr/bin/env python3
"""A judge for program(...): how red the middle of a picture is, and how white its rim.

Reads float32 [N, 3, H, W] in [-1, 1] as a NumPy file on standard input, writes N scores, one a line. Nothing
beyond Python is needed.
"""
import array
import ast
import sys

data = sys.stdin.buffer.read()
header_end = 10 + int.from_bytes(data[8:10], "little")
count, channels, height, width = ast.literal_eval(data[10:header_end].decode())["shape"]
values = array.array("f", data[header_end:])
plane = height * width
inside = [(y - height / 2 + 0.5) ** 2 + (x - width / 2 + 0.5) ** 2 < (height * 0.36) ** 2
          for y in range(height) for x in range(width)]
for i in range(count):
    red, green, blue = (values[(i * channels + c) * plane:(i * channels + c + 1) * plane] for c in range(3))
    middle = sum(r - 0.7 * (g + b) for r, g, b, of in zip(red, green, blue, inside) if of) / sum(inside)
    rim = sum(min(r, g, b) for r, g, b, of in zip(red, green, blue, inside) if not of) / (plane - sum(inside))
    print(10 * (middle + rim))
