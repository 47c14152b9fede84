"""Molecules written as SMILES, steered to many rings: smiles.py data QM9 OUT [--rings] | smiles.py table DATA
NAME=RUN ... | smiles.py classes DATA NAME=RUN ... | smiles.py weighed DATA NAME=RUN=CLASSIFIER ...

`data` writes QM9's SMILES (QM9/smiles.txt.gz, split.npy) as texts to train on: OUT/train and OUT/test, with --rings
labelled "many" where there are four rings or more (7.9 % of them), else "few". `table` draws from models of them,
unguided and toward objectives, `classes` from models that are told these labels, by classifier-free guidance of
several scales, `weighed` from models that are told no class and by a classifier of noised texts (D-CBG), and all
count with RDKit what is valid, what of that is new (not in the training part) and how many
rings the new ones have: pip install rdkit.
"""

import argparse
import glob
import gzip
import json
import os
import subprocess
import sys

# Rings are closed by digits: one who opens a third ring while two are open, or names rings one after another,
# writes a 2 or a 3. Nothing here was trained.
TASKS = [
    ("unguided", None),
    ("two rings named", "contains('2', count=2)"),
    ("three rings named", "contains('3', count=2)"),
    ("four rings named", "contains('4', count=2)"),
]


def data(options):
    import numpy

    lines = gzip.open(os.path.join(options.qm9, "smiles.txt.gz"), "rt").read().split()
    split = numpy.load(os.path.join(options.qm9, "split.npy"))
    for name, number in (("train", 0), ("test", 2)):
        os.makedirs(os.path.join(options.out, name), exist_ok=True)
        with open(os.path.join(options.out, name, "smiles.jsonl"), "w") as file:
            for line, part in zip(lines, split):
                if part == number:
                    file.write(json.dumps({"text": line, "label": kind(line)} if options.rings else line) + "\n")


def kind(text):
    from rdkit import Chem

    return "many" if Chem.MolFromSmiles(text).GetRingInfo().NumRings() >= 4 else "few"


SCALES = [0, 1, 2, 3, 5, 10]


def drawn(options, run, objective, flags):
    folder = os.path.join(options.out, "smiles")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "x.txt")
    command = [options.steer] + (["guide", run, "--objective", objective] if objective else ["sample", run])
    command += ["-n", str(options.count), "-o", path, "--force", "--json", "--threads", str(options.threads)] + flags
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"{' '.join(command)}\n{made.stderr}")
    return open(path).read().rstrip("\n").split("\n" + 64 * "-" + "\n")


def counted(texts, known):
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    valid, new = 0, {}
    for text in texts:
        molecule = Chem.MolFromSmiles(text) if text else None
        if molecule is None:
            continue
        valid += 1
        name = Chem.MolToSmiles(molecule)
        if name not in known:
            new[name] = molecule.GetRingInfo().NumRings()
    return valid, len(new), sum(new.values()) / max(1, len(new))


def trained_on(options):
    from rdkit import Chem

    known = set()
    for path in glob.glob(os.path.join(options.data, "train", "*.jsonl")):
        for line in map(json.loads, open(path)):
            known.add(Chem.MolToSmiles(Chem.MolFromSmiles(line["text"] if isinstance(line, dict) else line)))
    return known


def classes(options):
    known = trained_on(options)
    print("| model | scale | of %d valid | new | rings of the new ones |" % options.count)
    print("|---|---|---|---|---|")
    for model in options.models:
        name, _, run = model.partition("=")
        for scale in SCALES:
            flags = ["--label", "many", "--scale", str(scale), "--steps", str(options.steps)]
            valid, new, rings = counted(drawn(options, run, None, flags), known)
            print(f"| {name} | {scale} | {valid} | {new} | {rings:.2f} |", flush=True)


STRENGTHS = [("cbg", [1, 2, 3, 5, 8, 10]), ("tag", [1, 3, 10]), ("cbg_exact", [1, 3])]


def weighed(options):
    known = trained_on(options)
    print("| model | method | strength | of %d valid | new | rings of the new ones |" % options.count)
    print("|---|---|---|---|---|---|")
    for model in options.models:
        name, run, judge = model.split("=")
        for method, strengths in STRENGTHS:
            for strength in strengths:
                flags = ["--method", method, "--strength", str(strength), "--steps", str(options.steps)]
                flags += ["--label", "none"]
                texts = drawn(options, run, f"label(many, classifier={judge})", flags)
                valid, new, rings = counted(texts, known)
                print(f"| {name} | {method} | {strength} | {valid} | {new} | {rings:.2f} |", flush=True)


def table(options):
    known = trained_on(options)
    print("| model | asked | method | of %d valid | new | rings of the new ones |" % options.count)
    print("|---|---|---|---|---|---|")
    for model in options.models:
        name, _, run = model.partition("=")
        for asked, objective in TASKS:
            for method in ["bend", "twisted"] if objective else [""]:
                steps = [] if name.startswith("left") else ["--steps", str(options.steps)]
                flags = steps + (["--method", method] if method else [])
                valid, new, rings = counted(drawn(options, run, objective, flags), known)
                print(f"| {name} | {asked} | {method} | {valid} | {new} | {rings:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("data")
    one.add_argument("qm9")
    one.add_argument("out")
    one.add_argument("--rings", action="store_true")
    one.set_defaults(run=data)
    for name, run in (("table", table), ("classes", classes), ("weighed", weighed)):
        two = commands.add_parser(name)
        two.add_argument("data")
        two.add_argument("models", nargs="+")
        two.add_argument("--steer", default="build/steer")
        two.add_argument("-n", "--count", type=int, default=1024)
        two.add_argument("--steps", type=int, default=32)
        two.add_argument("--threads", type=int, default=2)
        two.add_argument("--out", default="out/smiles")
        two.set_defaults(run=run)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
