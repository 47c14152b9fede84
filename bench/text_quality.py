"""Samples of a model of text against network evaluations: text_quality.py RUN JUDGE DATA [--steer PROGRAM] [-n N]

For solvers and numbers of steps: how likely the judge, an ar model, finds the samples (bits a character, and as
perplexity), the entropy of characters within a text, different 4-grams and known words beside those of the data.
Rows are kept in OUT/rows.jsonl, so that a stopped run goes on; OUT/quality.md has the table, which is printed too.
"""

import argparse
import json
import os
import subprocess
import sys

SOLVERS = [
    ("ancestral", []),
    ("euler (tau-leaping)", ["--solver", "euler"]),
    ("remask, rescale 0.1", ["--solver", "remask", "--sampler", "remask=rescale", "--sampler", "eta=0.1"]),
    ("remask, cap 0.02", ["--solver", "remask", "--sampler", "remask=cap", "--sampler", "eta=0.02"]),
    ("confidence", ["--solver", "confidence"]),
    ("confidence, Gumbel 4", ["--solver", "confidence", "--sampler", "gumbel=4"]),
    ("first_hitting", ["--solver", "first_hitting"]),
]
STEPS = [8, 16, 32, 64, 128, 256, 512, 1024]


def measured(options, flags, steps):
    command = [options.steer, "evaluate", options.run, "--data", options.data, "--judge", options.judge, "--json"]
    command += ["-n", str(options.count), "--batch", str(options.batch)] + flags
    if steps:
        command += ["--steps", str(steps)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"{' '.join(command)}\n{made.stderr}")
    found = json.loads(made.stdout.strip().splitlines()[-1])
    return {
        "evaluations": found["evaluations"],
        "bits": found["judge"]["samples"],
        "real": found["judge"]["real"],
        "seconds": found["seconds_per_sample"],
        **found["distances"]["samples"],
        "of_real": found["distances"]["real"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("judge")
    parser.add_argument("data")
    parser.add_argument("--steer", default="build/steer")
    parser.add_argument("-n", "--count", type=int, default=256)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, nargs="*", default=STEPS)
    parser.add_argument("--out", default="out/text_quality")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    path, known = os.path.join(options.out, "rows.jsonl"), {}
    if os.path.exists(path):
        known = {row["key"]: row for row in map(json.loads, open(path))}
    rows = []
    for name, flags in SOLVERS:
        for steps in options.steps if name != "first_hitting" else [0]:
            key = json.dumps([options.run, options.judge, name, steps, options.count])
            if key not in known:
                known[key] = {"key": key, **measured(options, flags, steps)}
                with open(path, "a") as file:
                    file.write(json.dumps(known[key]) + "\n")
            rows.append((name, known[key]))
    real = rows[0][1]
    lines = [
        "| solver | evaluations | judge, bits a character | perplexity | entropy | different 4-grams | known words |",
        "|---|---|---|---|---|---|---|",
        f"| the data | | {real['real']:.3f} | {2 ** real['real']:.2f} | {real['of_real']['entropy']:.2f} | "
        f"{100 * real['of_real']['distinct_4']:.0f} % | {100 * real['of_real']['known_words']:.0f} % |",
    ]
    for name, row in rows:
        lines.append(
            f"| {name} | {row['evaluations']} | {row['bits']:.3f} | {2 ** row['bits']:.2f} | {row['entropy']:.2f} | "
            f"{100 * row['distinct_4']:.0f} % | {100 * row['known_words']:.0f} % |"
        )
    table = "\n".join(lines) + "\n"
    with open(os.path.join(options.out, "quality.md"), "w") as file:
        file.write(table)
    print(table)


if __name__ == "__main__":
    main()
