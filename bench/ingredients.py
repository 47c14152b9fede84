"""What each ingredient of guidance adds by itself, at as many network evaluations: ingredients.py PLAN.json

The plan: {"steer": program, "steps": 30, "samples": 32, "trials": 16, "out": folder, "tasks": [{"name", "run",
"objective", "metric", "data", "judge"}]}; data or judge may be left out. A step of guidance by gradient passes the
network once forward and once back. Rows that ask it more often take fewer steps, so that passes are as many.
Rows are kept in OUT/rows.jsonl, so that a stopped run goes on; prints and writes OUT/ingredients.md.
"""

import json
import pathlib
import subprocess
import sys

SAFE = ["--method", "tfg"]
PUBLISHED = ["--method", "tfg", "--guidance", "climb.safe=false"]
PIGDM = ["--method", "pigdm"]


def settings(*pairs):
    return [word for pair in pairs for word in ("--guidance", pair)]


GAUSS_NEWTON = ["--method", "pigdm_step"] + settings("climb.rho=0", "climb.mu=1", "climb.mu_structure=posterior")
# name, flags, share of the steps, knobs to search ("" for none), of measurements alone
ROWS = [
    ("unguided", ["--method", "tfg", "--strength", "0"], 1, "", False),
    ("TFG as published, strengths searched", PUBLISHED, 1, "own", False),
    ("the same, by noise level too (late)", PUBLISHED, 1, "late", False),
    ("safe steps", SAFE, 1, "", False),
    ("safe, strength 4", SAFE + ["--strength", "4"], 1, "", False),
    ("safe, by noise level, searched", SAFE, 1, "late alone", False),
    ("safe, momentum 0.6", SAFE + settings("climb.momentum=0.6"), 1, "", False),
    ("safe, half the steps alone", SAFE, 1 / 2, "", False),
    ("safe, a quarter of the steps alone", SAFE, 1 / 4, "", False),
    ("safe, two repetitions", SAFE + ["--recurrence", "2"], 1 / 2, "", False),
    ("safe, four twisted particles", SAFE + ["--particles", "4"], 1 / 4, "", False),
    ("safe, samples with enough left alone", SAFE + settings("climb.enough=0.05"), 1, "", False),
    ("preconditioned by data_std (pigdm)", PIGDM, 1, "", False),
    ("preconditioned, whole steps (pigdm_step)", ["--method", "pigdm_step"], 1, "", False),
    ("the same, two repetitions", ["--method", "pigdm_step", "--recurrence", "2"], 1 / 2, "", False),
    ("the same, three repetitions", ["--method", "pigdm_step", "--recurrence", "3"], 1 / 3, "", False),
    ("safe, three repetitions", SAFE + ["--recurrence", "3"], 1 / 3, "", False),
    ("Gauss-Newton in mean guidance, no pass back", GAUSS_NEWTON, 1, "", True),
    ("the same in the denoiser", GAUSS_NEWTON + settings("climb.form=denoiser"), 1, "", True),
    ("covariance by three Jacobian products", PIGDM + settings("climb.jacobian=3"), 2 / 5, "", True),
    ("the same, as many steps", PIGDM + settings("climb.jacobian=3"), 1, "", True),
    ("auto", ["--method", "auto"], 1, "", False),
]


class Runner:
    """Runs what is not known yet, and keeps it."""

    def __init__(self, plan):
        self.plan, self.out = plan, pathlib.Path(plan["out"])
        self.out.mkdir(parents=True, exist_ok=True)
        self.path = self.out / "rows.jsonl"
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.known = {row["key"]: row for row in map(json.loads, lines)}

    def steer(self, *arguments):
        done = subprocess.run([self.plan["steer"], *map(str, arguments), "--json"], capture_output=True, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout.strip().splitlines()[-1])
        return {"refused": done.stderr.strip().splitlines()[-1]}

    def preset(self, number, task, row, steps):
        name, flags, _, knobs, _ = row
        path = self.out / f"{number}-{ROWS.index(row)}.json"
        truth = "data" in task
        late = ["--knob", "climb.late=0.0625:4:64"]
        # Useful strengths on a measurement are small, and far apart.
        own = (["--knob", "climb.rho=0.000244140625:4:4", "--knob", "climb.mu=0.000244140625:4:1", "--sweeps", "8"]
               if truth else ["--knob", "climb.rho=0.25:2:8", "--knob", "climb.mu=0.25:2:8"])
        asked = {"own": own, "late": own + late, "late alone": late}[knobs]
        judged = ["--judge", task["judge"]] if "judge" in task else []
        data = ["--data", task["data"], "--split", "train"] if truth else []
        self.steer("search", task["run"], "--objective", task["objective"], *flags, "--metric", task["metric"], "-n",
                   self.plan["trials"], "--threads", 1, "--seed", 5000, "--steps", steps, "-o", path, *asked, *judged,
                   *data)
        return path

    def row(self, number, task, row):
        name, flags, share, knobs, _ = row
        key = json.dumps([number, name, self.plan["samples"]])
        if key not in self.known:
            steps = max(1, round(self.plan["steps"] * share))
            how = ["--preset", self.preset(number, task, row, steps)] if knobs else flags
            judged = ["--judge", task["judge"]] if "judge" in task else []
            data = ["--data", task["data"]] if "data" in task else []
            made = self.steer("evaluate", task["run"], "--objective", task["objective"], "-n", self.plan["samples"],
                              "--threads", 1, "--steps", steps, *judged, *data, *how)
            self.known[key] = {"key": key, "made": made}
            with self.path.open("a") as file:
                file.write(json.dumps(self.known[key]) + "\n")
        return self.known[key]["made"]


def shown(made):
    if "refused" in made:
        return "-"
    figures = []
    if "judge" in made:
        figures.append(f"{100 * made['judge']['share']:.0f} %")
    if "guided" in made:
        figures.append(f"{made['guided']['psnr']:.2f} dB")
    return ", ".join(figures) + f" ({made['seconds_per_image']:.2f} s)"


def main():
    plan = json.loads(pathlib.Path(sys.argv[1]).read_text())
    runner = Runner(plan)
    heads = ["ingredient"] + [task["name"] for task in plan["tasks"]]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in ROWS:
        cells = []
        for number, task in enumerate(plan["tasks"]):
            cells.append("" if row[4] and task.get("labels") else shown(runner.row(number, task, row)))
        lines.append(f"| {row[0]} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
        (runner.out / "ingredients.md").write_text("\n".join(lines) + "\n")


main()
