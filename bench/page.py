"""docs/benchmarks.md from results."""

import os
import pathlib
import platform
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tools"))
import wrap_prose

HEAD = """# Benchmarks

`bench/run` builds, measures everything on this page in one run and writes it. Each row is the same work on both sides: weights and inputs go from
steer to a plain PyTorch formulation ({peer}, {torch}: the libtorch that steer was built with), whose answers (losses, all gradients, images, choices) must agree in
float32 before anything is timed. Then the sides take turns, and medians are compared. Work is timed after a first run that is not counted.

- **default**: PyTorch float32 with two threads, nothing else set. **best**: the fastest of float32, float32 channels-last and bfloat16 channels-last
  (autocast), with AVX-512 kernels switched on and an allocator that keeps freed memory in large pages. **compiled**: these settings under `torch.compile` (each
  part between two choices). **steer**: as installed, bfloat16 where the processor
  has it.
- **memory** is the rise of the resident set above what a process holds before its first run.
- **share of peak**: floating-point operations of convolutions and matrix products, by steer's count of its own, per second, over those of a {size} matrix
  product in the same run: {float32:.0f} GFLOP/s in float32, {bfloat16:.0f} in bfloat16.

Machine: {processor}, {cores} cores{flags}; {system}. No GPU was measured: none was at hand (see the end of the page).
"""

TAIL = """Tried and left: Adam over chosen rows alone (rows that were not chosen still move by their momentum, so it is not the same optimiser, and one pass over all of them is cheap); bfloat16 in the Gram sums (the nearest few
would no longer be among the four measured again).

## On a GPU

No machine with an NVIDIA GPU was at hand for this page, so there are no figures. What is ready for one: a training step reads nothing back from the device:
losses are checked at log lines and checkpoints, counts and splits stay where the weights are, and every processor kernel has a plain twin that other devices take.
Tests send the processor these ways (`core/host.h`), count the reads of a step, which must be none, and compare what is learnt (`train/learner_test.cpp`). What is not: kernels of our own for CUDA,
and CUDA graphs for sampling; nothing here could compile or run them. The code calls what libtorch 1.13 and 2.x both have.
"""


def duration(seconds):
    return f"{seconds:.3g} s" if seconds >= 0.1 else f"{seconds * 1e3:.3g} ms"


def size(bytes_):
    return f"{bytes_ / 1e9:.2f} GB" if bytes_ >= 1e9 else f"{bytes_ / 1e6:.0f} MB"


def ratio(one, other):
    return f"{other['seconds'] / one['seconds']:.3g}"


def processor():
    with open("/proc/cpuinfo") as file:
        lines = dict(line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines() if ":" in line)
    lines = {name.strip(): value.strip() for name, value in lines.items()}
    flags = lines.get("flags", "").split()
    have = [word for flag, word in (("avx512f", "AVX-512"), ("avx512_bf16", "bfloat16 products")) if flag in flags]
    name = f"{lines.get('model name', 'unknown')} (family {lines.get('cpu family', '?')})"
    return name, " with " + " and ".join(have) if have else ""


def main_rows(rows, results):
    peak = results["products"]["bfloat16"]
    out = [
        "| work | steer | PyTorch default | PyTorch best | compiled | times faster (default / best / compiled) | target | memory steer / default / best | share of peak |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        r = results["rows"][row["name"]]
        best = r.get("best")
        memory = " / ".join(size(r[side]["memory"]) for side in ("steer", "default", "best") if side in r)
        share = r["flops"] / 1e9 / r["steer"]["seconds"] / peak
        out.append(
            f"| {row['title']} | {duration(r['steer']['seconds'])} | {duration(r['default']['seconds'])} | "
            + (f"{duration(best['seconds'])} ({r['settings']})" if best else "-")
            + f" | {duration(r['compiled']['seconds']) if 'compiled' in r else '-'}"
            + " | " + " / ".join(f"**{ratio(r['steer'], r[each])}**" for each in ("default", "best", "compiled") if each in r)
            + f" | {row.get('target', '')} | {memory} | "
            + (f"{100 * share:.0f} %" if share > 0.02 else "-")
            + " |"
        )
    return out


def others(rows, results):
    """Other ways of steer's own for the same work."""
    out = []
    for row in rows:
        r = results["rows"][row["name"]]
        for name in row.get("also", {}):
            own = r[name]
            out.append(
                f"- {row['title']}: {row['also_means'][name]} {duration(own['seconds'])}, "
                f"{own['seconds'] / r['steer']['seconds']:.3g} times as long; memory {size(own['memory'])}, "
                f"1/{r['default']['memory'] / own['memory']:.3g} of PyTorch's default."
            )
    return out


def two_libraries(rows, results):
    """steer on the libtorch of the build and on that of the build beside."""
    versions = results["torch"]
    out = [f"| work | libtorch {versions['beside']} | libtorch {versions['build']} | ratio |", "|---|---|---|---|"]
    for row in rows:
        r = results["rows"][row["name"]]
        if "beside" in r:
            out.append(f"| {row['title']} | {duration(r['beside']['seconds'])} | {duration(r['steer']['seconds'])} | {ratio(r['steer'], r['beside'])} |")
    return out


def kernel_rows(results):
    out = ["| work | steer | libtorch | ratio |", "|---|---|---|---|"]
    for name, r in results["kernels"].items():
        out.append(f"| {name} | {duration(r['steer'])} | {duration(r['library'])} | {r['library'] / r['steer']:.3g} |")
    return out


def grid(rows, results):
    cells = {(row["options"]["size"], row["options"]["nodes"]): results["rows"][row["name"]] for row in rows}
    sizes, nodes = sorted({s for s, _ in cells}), sorted({k for _, k in cells})
    out = [
        "| size | " + " | ".join(f"K {k}" for k in nodes) + " | memory at the largest K, steer / default / best |",
        "|---|" + "---|" * (len(nodes) + 1),
    ]
    for s in sizes:
        words = []
        for k in nodes:
            r = cells[s, k]
            words.append(f"{duration(r['steer']['seconds'])}: **{ratio(r['steer'], r['default'])}** / **{ratio(r['steer'], r['best'])}**")
        last = cells[s, nodes[-1]]
        memory = " / ".join(size(last[side]["memory"]) for side in ("steer", "default", "best"))
        out.append(f"| {s}x{s} | " + " | ".join(words) + f" | {memory} |")
    worst = min(min(r["default"]["seconds"], r["best"]["seconds"]) / r["steer"]["seconds"] for r in cells.values())
    out += ["", f"The smallest ratio of the grid is {worst:.3g}."]
    return out


def text(rows, results):
    name, flags = processor()
    main = [row for row in rows if row.get("group") != "grid"]
    layers = [row for row in rows if row.get("group") == "grid"]
    lines = [
        HEAD.format(
            peer="`bench/peer/*.py`", torch=f"PyTorch {torch.__version__}", processor=name, flags=flags, cores=os.cpu_count(),
            system=platform.freedesktop_os_release()["PRETTY_NAME"], size="2048 x 2048", **results["products"],
        )
    ]
    if main:
        lines += main_rows(main, results) + [""] + others(main, results)
    if results["started"]:
        started = results["started"]
        lines += [
            f"- From the start of the program to its first sample of a shipped model (`steer sample models/{started['model']} --count 1`): "
            f"{started['seconds']:.2f} s (target 1.5 s)."
        ]
    if main:
        lines += ["", "## What limits each row", ""]
        lines += [f"- **{row['title']}**: {row['limits']}" for row in main if "limits" in row]
    if layers:
        lines += [
            "", "## One DDN layer", "",
            "Forward, backward and counts of one layer, c' = 128, C = 3, batch 16: steer's time, and how many times faster than PyTorch's default and best. "
            "Targets: at 64x64 and K = 512 at least 40 / 10 and a twentieth of the memory; never slower anywhere.", "",
        ]
        lines += grid(layers, results)
        lines += [
            "",
            "Up to about 8x8 pixels every candidate is measured at every pixel, in registers; above, distances come from quadratic forms in the features' Gram matrix, "
            "and the nearest four are measured again (`ddn/candidate_distances.h`); whichever counts fewer multiplications is taken. At 16x16 the forms take most of the time, at 64x64 reading the features "
            "and forming the Gram matrix, whatever K is; PyTorch's is that of writing and reading K images. At 64x64 and K = 512 a third of steer's memory is the gradient of the features themselves; most of the rest are "
            "holes that freed blocks leave in the heap, which keeps them so that no page is fetched twice.",
        ]
        with_compiler = [row for row in layers if "compiled" in results["rows"][row["name"]]]
        if with_compiler:
            words = [
                f"{row['options']['size']}x{row['options']['size']}, K {row['options']['nodes']}: "
                + ratio(results["rows"][row["name"]]["steer"], results["rows"][row["name"]]["compiled"])
                for row in with_compiler
            ]
            lines += ["", f"Beside the same under `torch.compile`: {'; '.join(words)} times faster."]
    if "beside" in results["torch"]:
        lines += [
            "", "## Two libraries", "",
            "steer built with either libtorch, taking turns with each other and with all sides above (`STEER_BENCH_BESIDE=OTHER/bench/steer_bench bench/run`). "
            "What is constant between the columns of the small layers, some ten microseconds, is libtorch 2's price of the half dozen calls and of the pass back of one layer.", "",
        ]
        lines += two_libraries(rows, results)
    if results["kernels"]:
        lines += [
            "", "## Own kernels beside libtorch's", "",
            f"What libtorch {results['torch']['build']} has for the same, in the same number type, measured in this run. A kernel of ours stays where it is faster or holds a promise "
            "that the library's does not (sums in float32, results that do not depend on the number of threads or of rows).", "",
        ]
        lines += kernel_rows(results)
    return wrap_prose.wrapped("\n".join(lines) + "\n\n" + TAIL)
