"""Measures steer beside PyTorch, interleaved, and writes docs/benchmarks.md."""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import page
import rows
import side

ROOT = pathlib.Path(__file__).parent.parent
# Float32 on both sides, sums in another order: how far answers may be apart, as a share. Ten U-Nets behind
# one another make much of rounding: PyTorch's own float32 gradients are 7e-4 from its float64 ones there.
APART = {"gradient": 5e-3}
OTHERS_APART = 2e-3
# PyTorch's settings, of which the fastest is the best.
SETTINGS = {
    "float32": {"precision": "float32"},
    "float32, channels-last": {"precision": "float32", "channels_last": True},
    "bfloat16, channels-last": {"precision": "bfloat16", "channels_last": True},
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def check(row, problem):
    """Both sides compute the same in float32: how far apart, by kind of answer."""
    side.steer(row["work"], row["options"], problem).close()
    told = side.torch(row["work"], {**row["options"], "check": True}, problem)
    told.close()
    for name, error in told.ready["apart"].items():
        limit = APART.get(name, OTHERS_APART)
        if not error <= limit:
            sys.exit(f"bench: {row['name']}: {name}: expected answers within {limit} of PyTorch's but got {error:.3g}")
    return max(told.ready["apart"].values())


def best_settings(row, problem):
    """The name and options of PyTorch's fastest settings for this work, by the second run of each."""
    if row.get("settings"):
        return row["settings"], SETTINGS[row["settings"]]
    taken = {}
    for name, settings in SETTINGS.items():
        one = side.torch(row["work"], {**row["options"], **settings}, problem, side.TUNED)
        one.warm()
        taken[name] = min(one.run() + one.run())
        one.close()
    name = min(taken, key=taken.get)
    return name, SETTINGS[name]


def compiled(row, settings, problem):
    """PyTorch's best settings compiled by torch.compile, ready and warm; None where its compiler gives up."""
    one = side.torch(row["work"], {**row["options"], **settings, "compile": True}, problem, side.TUNED, optional=True)
    if one.ready is None or one.ask("run 2") is None:
        say("  torch.compile ended without an answer")
        return None
    return one


def beside(work, options):
    """The same work by the build of steer with another libtorch, if one was named."""
    return {"beside": side.steer(work, options, program=side.BESIDE)} if side.BESIDE else {}


def take_turns(sides, budget):
    """Rounds from side to side until the budget is spent; the number of rounds."""
    warm = {name: each.warm() for name, each in sides.items()}
    times = {name: max(1, min(20, int(0.2 / seconds))) for name, seconds in warm.items()}
    start, rounds = time.time(), 0
    while rounds < 3 or (rounds < 15 and time.time() - start < budget):
        for name, each in sides.items():
            each.run(times[name])
        rounds += 1
    return rounds


def measure(row):
    """Seconds, memory and flops of each side; rounds go from side to side."""
    say(f"{row['name']}: {row['title']}")
    with tempfile.TemporaryDirectory() as folder:
        problem = folder + "/problem.safetensors"
        result = {"apart": check(row, problem)}
        sides = {"steer": side.steer(row["work"], row["options"]), **beside(row["work"], row["options"])}
        for name, options in row.get("also", {}).items():
            sides[name] = side.steer(row["work"], {**row["options"], **options})
        sides["default"] = side.torch(row["work"], {**row["options"], **row.get("peer", {})}, problem)
        if row.get("tunable", True):
            result["settings"], settings = best_settings(row, problem)
            sides["best"] = side.torch(row["work"], {**row["options"], **settings}, problem, side.TUNED)
            if row.get("compiled", True):
                one = compiled(row, settings, problem)
                if one:
                    sides["compiled"] = one
        result["rounds"], result["items"] = take_turns(sides, row.get("budget", 20)), sides["steer"].ready["items"]
        for name, each in sides.items():
            result[name] = {"seconds": each.median(), "memory": each.memory}
            each.close()
        count = side.steer(row["work"], row["options"])
        result["flops"] = count.ask("count")["flops"]
        count.close()
        if "items" in row:  # the peer did a part of the work
            for name in ("default", "best", "compiled"):
                if name in result:
                    result[name]["seconds"] *= result["items"] / row["items"]
    say("  " + "  ".join(f"{n} {result[n]['seconds']:.4g} s" for n in sides) + f"  apart {result['apart']:.1e}")
    return result


def kernels():
    """Seconds of our own kernels and of libtorch's way to the same."""
    results = {}
    for name, kernel, options in rows.KERNELS:
        options = {"kernel": kernel, **options}
        sides = {"steer": side.steer("kernel", options), "library": side.steer("kernel", {**options, "library": True})}
        take_turns(sides, 2)
        results[name] = {which: each.median() for which, each in sides.items()}
        for each in sides.values():
            each.close()
        say(f"{name}: " + "  ".join(f"{which} {seconds:.4g} s" for which, seconds in results[name].items()))
    return results


def products():
    """GFLOP/s of a matrix product."""
    figures = {}
    for precision in ("float32", "bfloat16"):
        options = {"size": 2048, "precision": precision}
        one = side.steer("product", options)
        one.warm()
        figures[precision] = max(2 * 2048**3 / 1e9 / s for s in one.run(12))
        one.close()
    return figures


def versions():
    """The libtorch of the build, and of the build beside."""
    told = {}
    for name, bench in (("build", side.STEER), ("beside", side.BESIDE)):
        if bench:
            steer = pathlib.Path(bench).parent.parent / "steer"
            text = subprocess.run([steer, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
            told[name] = text.splitlines()[1].split()[1]
    return told


def started():
    """Seconds from the program's start to its first sample of the shipped model."""
    model = ROOT / "models/mnist_ddn.safetensors"
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(6):
            start = time.time()
            command = [ROOT / "build/steer", "sample", model, "--count", "1", "--out", folder + "/one.png"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds.append(time.time() - start)
    return {"model": model.name, "seconds": statistics.median(seconds[1:])}


def main():
    wanted = sys.argv[1:]
    kept = ROOT / "build/bench/results.json"
    if wanted == ["page"]:
        (ROOT / "docs/benchmarks.md").write_text(page.text(rows.ROWS, json.loads(kept.read_text())))
        return
    known = [row["name"] for row in rows.ROWS] + ["kernels"]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"bench: expected names among {' '.join(known)} but got {' '.join(unknown)}")
    chosen = [row for row in rows.ROWS if not wanted or row["name"] in wanted]
    results = {"products": products(), "started": {} if wanted else started(), "rows": {}, "torch": versions()}
    results["kernels"] = kernels() if not wanted or "kernels" in wanted else {}
    for row in chosen:
        results["rows"][row["name"]] = measure(row)
    after = products()
    results["products"] = {name: max(value, after[name]) for name, value in results["products"].items()}
    text = page.text(chosen, results)
    print(text)
    if not wanted:
        (ROOT / "docs/benchmarks.md").write_text(text)
        kept.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
