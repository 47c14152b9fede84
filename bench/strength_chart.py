"""Small multiples of score against strength, as an SVG that needs no library."""

import math

COLOURS = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#9c6b4e", "#a463f2", "#97bbf5"]
WIDTH, HEIGHT, GAP, LEFT, TOP = 200, 110, 34, 40, 60


def text(x, y, words, anchor="start", colour="#333", size=11):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{words}</text>'


def line(a, b, style):
    return f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" {style}/>'


def panel(x, y, title, strengths, lines):
    low, high = math.log10(strengths[0]), math.log10(strengths[-1])

    def place(strength, value):
        across = (math.log10(strength) - low) / (high - low)
        return x + across * WIDTH, y + (1 - max(min(value, 1.05), -0.25) + 0.05) / 1.3 * HEIGHT

    parts = [f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" fill="#fafafa" stroke="#ddd"/>']
    parts.append(text(x, y - 5, title))
    for value in (0, 1):
        a, b = place(strengths[0], value), place(strengths[-1], value)
        parts.append(line(a, b, 'stroke="#bbb" stroke-dasharray="3 3"'))
        parts.append(text(x - 4, a[1] + 4, str(value), "end", "#777", 10))
    for strength in (strengths[0], 1, strengths[-1]):
        parts.append(text(place(strength, 0)[0], y + HEIGHT + 12, f"{strength:g}", "middle", "#777", 10))
    for (name, row), colour in zip(lines.items(), COLOURS):
        points = [place(s, v) for s, v in zip(strengths, row) if math.isfinite(v)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        drawn = f'points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"'
        parts.append(f"<polyline {drawn}><title>{name}</title></polyline>")
    return "".join(parts)


def write(path, strengths, panels, across=4):
    """`panels`: (title, {line: values at each strength}), values 0 (unguided) to 1 (the best of the panel)."""
    down = max(1, -(-len(panels) // across))
    width, height = LEFT + across * (WIDTH + GAP), TOP + down * (HEIGHT + GAP + 12)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">']
    parts.append(f'<rect width="{width}" height="{height}" fill="#fff"/>')
    parts.append(text(LEFT, 18, "Score against strength: 0 unguided, 1 the best of any method and strength", size=13))
    for i, name in enumerate(panels[0][1] if panels else []):
        x = LEFT + i * 90
        parts.append(line((x, 34), (x + 18, 34), f'stroke="{COLOURS[i]}" stroke-width="3"'))
        parts.append(text(x + 23, 38, name))
    for i, (title, lines) in enumerate(panels):
        x, y = LEFT + i % across * (WIDTH + GAP), TOP + i // across * (HEIGHT + GAP + 12) + 10
        parts.append(panel(x, y, title, strengths, lines))
    with open(path, "w") as file:
        file.write("\n".join(parts) + "\n</svg>\n")
