"""Whether guidance ever makes it worse: every method by every objective, model and number of steps.

Usage: guidance_matrix.py [--steer PROGRAM] [--count N] [--out FOLDER] PLAN.json

PLAN.json: {"models": {"mnist 2 min": {"run": "runs/a", "data": "mnist", "guide": "runs/guide",
"network": "net.pt"}}, "steps": [10, 40, 100], "chart": ["mnist 2 min"], "chart_steps": 20}. guide, a classifier,
and network, a TorchScript file, may be left out, and so may data for points; "flags" of a model are given to
every call, as ["--label", "all"]. Cells are kept in FOLDER/cells.jsonl, so that a stopped run goes on;
FOLDER/matrix.md has the tables, FOLDER/strengths.svg the scores of each method of the models in "chart" at
strengths from 0.1 to 10.
"""

import argparse
import json
import math
import os
import subprocess
import sys

import strength_chart

CLIMBING = ["auto", "tfg", "dps", "lgd", "freedom", "mpgd", "ugd", "pigdm", "pigdm_step"]
CHOOSING = ["best_of", "svdd", "feynman_kac", "tree"]
STRENGTHS = [0.1, 0.3, 1, 3, 10]

IMAGES = [
    "inpaint(mask=left)",
    "super_resolve(factor=4)",
    "colourise()",
    "denoise(noise=0.5)",
    "gaussian_deblur(std=1.5)",
    "low_bit(levels=4)",
    "edges()",
    "gaussian(mean=0.3, std=0.5)",
]
POINTS = [
    "ring(radius=0.7, std=0.05)",
    "near(x=0.3, y=-0.5, std=0.1)",
    "coordinate(axis=x, value=0.5, std=0.05)",
    "halfplane(angle=90, offset=0.2)",
    "density(two_moons, std=0.05)",
]


class Cells:
    """Mean scores by what was asked, kept in a file as they come."""

    def __init__(self, steer, count, out):
        os.makedirs(out, exist_ok=True)
        self.steer, self.count, self.path, self.known = steer, count, os.path.join(out, "cells.jsonl"), {}
        if os.path.exists(self.path):
            with open(self.path) as file:
                for line in file:
                    cell = json.loads(line)
                    self.known[cell["key"]] = cell["score"]

    def score(self, model, objective, method, steps, strength=None):
        """The mean score; None where the program refused, which is said."""
        key = json.dumps([model["run"], objective, method, steps, strength, self.count])
        if key not in self.known:
            self.known[key] = self.measured(model, objective, method, steps, strength)
            with open(self.path, "a") as file:
                file.write(json.dumps({"key": key, "score": self.known[key]}) + "\n")
        return self.known[key]

    def measured(self, model, objective, method, steps, strength):
        command = [self.steer, "evaluate", model["run"], "--objective", objective, "--method", method]
        command += ["--steps", str(steps), "-n", str(self.count), "--json", "--threads", "1"]
        if "data" in model and "classifier" not in objective:
            command += ["--data", model["data"]]
        command += model.get("flags", [])
        if strength is not None:
            command += ["--strength", str(strength)]
        made = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
        if made.returncode:
            print("refused:", " ".join(command), made.stderr.strip().splitlines()[-1], file=sys.stderr, flush=True)
            return None
        return json.loads(made.stdout)["score_mean"]


def objectives_of(model):
    if "data" not in model:
        return POINTS
    words = list(IMAGES)
    if "guide" in model:
        words += [f"label(classifier={model['guide']})", f"certain(classifier={model['guide']})"]
    if "network" in model:
        words += [f"gram(model={model['network']})", f"style(model={model['network']})"]
    return words


def short(objective):
    return objective.split("(")[0]


def worse(guided, unguided):
    return guided is None or not guided >= unguided


def tables(cells, plan):
    text, bad, all_cells = "", [], 0
    for name, model in plan["models"].items():
        for steps in plan["steps"]:
            text += f"\n**{name}, {steps} steps**\n\n| objective | unguided | " + " | ".join(CLIMBING + CHOOSING) + " |\n"
            text += "|---" * (len(CLIMBING + CHOOSING) + 2) + "|\n"
            for objective in objectives_of(model):
                unguided = cells.score(model, objective, "tfg", steps, 0)
                if unguided is None:
                    continue  # no objective of these samples; said above
                row = [f"{unguided:.4g}"]
                for method in CLIMBING + CHOOSING:
                    guided = cells.score(model, objective, method, steps)
                    all_cells += 1
                    shown = "refused" if guided is None else f"{guided:.4g}"
                    if worse(guided, unguided):
                        bad.append((name, steps, objective, method, guided, unguided))
                        shown += " **below**"
                    row.append(shown)
                text += f"| {short(objective)} | " + " | ".join(row) + " |\n"
                print(name, steps, short(objective), f"{len(bad)} of {all_cells} below", flush=True)
    head = f"{all_cells} cells, {len(bad)} below unguided (mean score of {cells.count} samples of the same seeds).\n"
    return head + "".join(f"- {cell}\n" for cell in bad) + text


def share_of_way(score, unguided, best):
    """0 where a score is that of unguided samples, 1 where it is the best that any method and strength reached."""
    if score is None or not math.isfinite(score):
        return float("nan")
    return (score - unguided) / (best - unguided) if best > unguided else 0.0


def chart(cells, plan, path):
    """Of every model that the plan names for it: how far each method comes at each strength."""
    panels = []
    for name in plan.get("chart", []):
        model = plan["models"][name]
        for objective in objectives_of(model):
            unguided = cells.score(model, objective, "tfg", plan["chart_steps"], 0)
            if unguided is None:
                continue
            found = {m: [cells.score(model, objective, m, plan["chart_steps"], s) for s in STRENGTHS] for m in CLIMBING}
            best = max(x for row in found.values() for x in row if x is not None)
            lines = {m: [share_of_way(x, unguided, best) for x in row] for m, row in found.items()}
            panels.append((f"{name}: {short(objective)}", lines))
            print("chart", name, short(objective), flush=True)
    strength_chart.write(path, STRENGTHS, panels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan")
    parser.add_argument("--steer", default="build/steer")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--out", default="out/guidance")
    options = parser.parse_args()
    with open(options.plan) as file:
        plan = json.load(file)
    cells = Cells(options.steer, options.count, options.out)
    chart(cells, plan, os.path.join(options.out, "strengths.svg"))
    with open(os.path.join(options.out, "matrix.md"), "w") as file:
        file.write(tables(cells, plan))


if __name__ == "__main__":
    main()
