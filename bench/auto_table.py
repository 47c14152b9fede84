"""`--method auto`, not searched, beside TFG as published whose strengths were searched: auto_table.py PLAN.json

The plan: {"steer": program, "steps": 30, "samples": 64, "trials": 32, "out": folder, "rows": [{"name", "run",
"objective", "metric", "data", "judge"}]}; data or judge may be left out. TFG's three strengths are searched by
doubling on `trials` samples of other seeds and the training split; both then make `samples` new ones at the same
number of network evaluations. Prints and writes OUT/auto.md.
"""
import json
import pathlib
import subprocess
import sys


def steer(plan, *arguments):
    command = [plan["steer"], *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def search(plan, row, preset):
    judged = ["--judge", row["judge"]] if "judge" in row else []
    data = ["--data", row["data"], "--split", row.get("search_split", "train")] if "data" in row else []
    steer(plan, "search", row["run"], "--objective", row["objective"], "--method", "tfg", "--guidance",
          "climb.safe=false", "--metric", row["metric"], "-n", plan["trials"], "--threads", 1, "--seed", 5000,
          "--steps", plan["steps"], "-o", preset, *judged, *data)


def evaluate(plan, row, *how):
    judged = ["--judge", row["judge"]] if "judge" in row else []
    data = ["--data", row["data"]] if "data" in row else []
    made = steer(plan, "evaluate", row["run"], "--objective", row["objective"], "-n", plan["samples"],
                 "--threads", 1, "--steps", plan["steps"], *judged, *data, *how)
    figures = []
    if "judge" in made:
        figures.append(f"{100 * made['judge']['share']:.1f} %")
    if "guided" in made:
        figures.append(f"{made['guided']['psnr']:.2f} dB")
    return ", ".join(figures), made["seconds_per_image"], made["evaluations"]


def main():
    plan = json.loads(pathlib.Path(sys.argv[1]).read_text())
    out = pathlib.Path(plan["out"])
    out.mkdir(parents=True, exist_ok=True)
    heads = ["task", "TFG as published, searched", "TFG as published, strength 1", "auto", "s a sample: TFG, auto",
             "evaluations"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for number, row in enumerate(plan["rows"]):
        preset = out / f"{number}.json"
        search(plan, row, preset)
        searched, seconds, _ = evaluate(plan, row, "--preset", preset)
        plain, _, _ = evaluate(plan, row, "--method", "tfg", "--guidance", "climb.safe=false")
        auto, own, evaluations = evaluate(plan, row, "--method", "auto")
        lines.append(f"| {row['name']} | {searched} | {plain} | {auto} | {seconds:.2f}, {own:.2f} | {evaluations} |")
        print(lines[-1], flush=True)
        (out / "auto.md").write_text("\n".join(lines) + "\n")


main()
