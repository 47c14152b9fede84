"""What molecules a model makes, and how near they come to properties asked for.

molecules.py quality RUN QM9 [-n N]                 samples beside the data, with RDKit where it is found
molecules.py table RUN GUIDE EVALUATOR QM9 [-n N]   six properties by every method, told by the evaluator; alpha+gap
                                                    asks for both at once

GUIDE and EVALUATOR are networks of `steer train property`, of the two halves of QM9's training part. Rows are kept
in OUT/rows.jsonl, so that a stopped run goes on. --told is a model that is told the properties. With --xtb, what GFN2-xTB says of mu and gap stands beside.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys

import numpy as np

PROPERTIES = ["mu", "alpha", "homo", "lumo", "gap", "cv"]
UNITS = {"mu": "D", "alpha": "Bohr^3", "homo": "eV", "lumo": "eV", "gap": "eV", "cv": "cal/(mol K)"}
# Flags, and how many molecules each draws for one that it gives, so that all cost the same.
METHODS = [
    ("unguided", None, 1),
    ("dps", ["--method", "dps"], 1),
    ("lgd", ["--method", "lgd"], 1),
    ("freedom", ["--method", "freedom"], 1),
    ("mpgd", ["--method", "mpgd"], 1),
    ("ugd", ["--method", "ugd"], 1),
    ("tfg", ["--method", "tfg"], 1),
    ("auto", ["--method", "auto"], 1),
    ("told", "told", 1),
    ("told, scale 2", "told", 1),
    ("particles 4", ["--method", "feynman_kac", "--particles", "4"], 4),
]


def run(command):
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"{' '.join(command)}\n{made.stderr}")
    return made.stdout


def figures_of(text):
    return json.loads(text.strip().splitlines()[-1])


class Qm9:
    def __init__(self, folder):
        load = lambda name: np.load(os.path.join(folder, name))
        self.folder, self.value = folder, load("properties.npy").astype(np.float64)
        rows = [line.rstrip("\n").split("\t") for line in open(os.path.join(folder, "properties.txt"))]
        self.column = {row[1]: int(row[0]) for row in rows}
        for row in rows:
            if row[2] == "Hartree":
                self.value[:, int(row[0])] *= 27.2114
        self.atoms = np.diff(load("offsets.npy"))
        self.split, self.half = load("split.npy"), load("half.npy")

    def of(self, name):
        return self.value[:, self.column[name]]

    def smiles(self):
        return gzip.open(os.path.join(self.folder, "smiles.txt.gz"), "rt").read().split("\n")


def tasks(data, names, count):
    """Molecules at equal shares of the first property's distribution: their atoms, and their properties by name."""
    second = np.flatnonzero(data.half == 2)
    order = second[np.argsort(data.of(names[0])[second], kind="stable")]
    places = ((np.arange(count) + 0.5) / count * len(order)).astype(int)
    return [(int(data.atoms[i]), {name: float(data.of(name)[i]) for name in names}) for i in order[places]]


def xtb_of(path, name):
    """What xtb says of each molecule of an .xyz file; None where it finds no answer."""
    found, lines = [], open(path).read().split("\n")
    while lines and lines[0].strip():
        atoms = int(lines[0])
        block, lines = lines[: atoms + 2], lines[atoms + 2 :]
        folder = os.path.join(os.path.dirname(path), "xtb")
        os.makedirs(folder, exist_ok=True)
        for old in os.listdir(folder):
            os.remove(os.path.join(folder, old))
        with open(os.path.join(folder, "m.xyz"), "w") as file:
            file.write("\n".join(block) + "\n")
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(["xtb", "m.xyz", "--gfn", "2", "--json"], cwd=folder, capture_output=True, env=environment)
        answer = os.path.join(folder, "xtbout.json")
        told = json.load(open(answer)) if os.path.exists(answer) else None
        if told is None:
            found.append(None)
        elif name == "gap":
            found.append(told["HOMO-LUMO gap/eV"])
        else:
            found.append(2.541746 * float(np.linalg.norm(told["dipole"])))
    return found


SYMBOLS = {1: "H", 6: "C", 7: "N", 8: "O", 9: "F"}


def translation(data, name, out, count=64):
    """xtb's values as those of the data: the straight line through test molecules, and how far they are off it."""
    load = lambda file: np.load(os.path.join(data.folder, file))
    number, position, begin = load("numbers.npy"), load("positions.npy"), load("offsets.npy")
    some = np.random.RandomState(0).permutation(np.flatnonzero(data.split == 2))[:count]
    path = os.path.join(out, "test.xyz")
    with open(path, "w") as file:
        for i in some:
            file.write(f"{begin[i + 1] - begin[i]}\n\n")
            for atom in range(begin[i], begin[i + 1]):
                x, y, z = position[atom]
                file.write(f"{SYMBOLS[int(number[atom])]} {x:.6f} {y:.6f} {z:.6f}\n")
    told = xtb_of(path, name)
    pairs = np.array([(a, b) for a, b in zip(told, data.of(name)[some]) if a is not None])
    line = np.polyfit(pairs[:, 0], pairs[:, 1], 1)
    off = float(np.mean(np.abs(np.polyval(line, pairs[:, 0]) - pairs[:, 1])))
    print(f"{name}: {line[0]:.3f} xtb + {line[1]:.3f}, off by {off:.3f} {UNITS[name]} on {len(pairs)} test molecules")
    return line


def command_for(options, out, wanted, method, flags, draws, drawn):
    told = flags == "told"
    command = [options.steer, "sample" if flags is None or told else "guide", options.told if told else options.run]
    command += ["-o", out, "--threads", str(options.threads), "--json", "--force", *drawn]
    command += ["--steps", str(options.steps // draws)]
    properties = [f"{name}={value}" for name, value in wanted.items()]
    if flags is None or told:
        command += ["--solver", "ddim", "--eta", "1", "--levels", "karras"]
    if told:
        return command + ["--told", " ".join(properties), "--scale", "2" if "scale" in method else "1"]
    if flags is None:
        return command
    return command + ["--objective", f"property(predictor={options.guide}, {', '.join(properties)})"] + flags


def row_of(options, data, names, method, flags, draws):
    errors, physics, stable, atoms_stable, valid, total, evaluations = [], [], 0, 0, 0, 0, 0
    pairs = tasks(data, names, options.targets)
    each = max(1, options.count // len(pairs))
    for seed, (atoms, wanted) in enumerate(pairs):
        out = os.path.join(options.out, "some.xyz")
        drawn = ["-n", str(each), "--seed", str(1000 * seed), "--sampler", f"atoms={atoms}"]
        evaluations = figures_of(run(command_for(options, out, wanted, method, flags, draws, drawn))).get("evaluations", 0)
        told = figures_of(run([options.steer, "tell", options.evaluator, out, "--json"]))
        errors += [[abs(row[name] - wanted[name]) for name in names] for row in told["told"]]
        stable += told["molecules_stable"] * each
        atoms_stable += told["atoms_stable"] * each
        valid += told["valid"] * each
        total += each
        if options.xtb and names[0] in ("mu", "gap") and len(names) == 1:
            physics += [
                abs(np.polyval(options.lines[names[0]], value) - wanted[names[0]])
                for value in xtb_of(out, names[0])
                if value is not None
            ]
    return {
        "mae": np.mean(errors, axis=0).tolist(),
        "median": np.median(errors, axis=0).tolist(),
        "atoms_stable": atoms_stable / total,
        "stable": stable / total,
        "valid": valid / total,
        "evaluations": evaluations,
        "xtb": float(np.mean(physics)) if physics else None,
        "xtb_answers": len(physics) / total if physics else None,
    }


def told_knows(options, name):
    if not options.told:
        return False
    known = figures_of(run([options.steer, "inspect", options.told, "--json"])).get("told", [])
    return all(part in known for part in name.split("+"))


def make_table(options):
    data = Qm9(options.data)
    path, known = os.path.join(options.out, "rows.jsonl"), {}
    if os.path.exists(path):
        known = {row["key"]: row for row in map(json.loads, open(path))}
    rows, options.lines = {}, {}
    for name in options.properties:
        if options.xtb and name in ("mu", "gap"):
            options.lines[name] = translation(data, name, options.out)
        for method, flags, draws in METHODS:
            if method not in options.methods or (flags == "told" and not told_knows(options, name)):
                continue
            key = json.dumps([options.run, name, method, options.count, options.steps])
            if key not in known:
                known[key] = {"key": key, **row_of(options, data, name.split("+"), method, flags, draws)}
                with open(path, "a") as file:
                    file.write(json.dumps(known[key]) + "\n")
            rows[name, method] = known[key]
    columns = [" and ".join(f"{part}, {UNITS[part]}" for part in name.split("+")) for name in options.properties]
    lines = ["| method | " + " | ".join(columns) + " |"]
    lines.append("|---" * (len(options.properties) + 1) + "|")
    random = []
    for name in options.properties:
        parts, apart = name.split("+"), []
        for part in parts:
            targets = np.array([wanted[part] for _, wanted in tasks(data, parts, options.targets)])
            apart.append(f"{np.mean(np.abs(data.of(part)[data.half == 2][:, None] - targets[None])):.3f}")
        random.append(", ".join(apart))
    lines.append("| any molecule of the data | " + " | ".join(random) + " |")
    for method in options.methods:
        cells = []
        for name in options.properties:
            row = rows.get((name, method))
            of = lambda key: ", ".join(f"{value:.3f}" for value in np.atleast_1d(row[key]))
            cells.append(f"{of('mae')} ({of('median')}; {100 * row['atoms_stable']:.0f} %)" if row else "")
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    text = "\n".join(lines) + "\n"
    with open(os.path.join(options.out, "table.md"), "w") as file:
        file.write(text)
    print(text)
    for (name, method), row in rows.items():
        if row["xtb"] is not None:
            print(f"{name} {method}: by xtb {row['xtb']:.3f} ({100 * row['xtb_answers']:.0f} % have an answer)")


def rdkit_figures(path, known):
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    smiles, total = [], 0
    for molecule in Chem.SDMolSupplier(path, sanitize=False, removeHs=False):
        total += 1
        try:
            parts = Chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=False)
            largest = max(parts, key=lambda part: part.GetNumAtoms())
            Chem.SanitizeMol(largest)
            smiles.append(Chem.MolToSmiles(Chem.RemoveHs(largest)))
        except Exception:
            continue
    old = set()
    for text in known:
        molecule = Chem.MolFromSmiles(text)
        if molecule is not None:
            old.add(Chem.MolToSmiles(molecule, isomericSmiles=False))
    plain = {Chem.MolToSmiles(Chem.MolFromSmiles(s), isomericSmiles=False) for s in set(smiles) if Chem.MolFromSmiles(s)}
    return {
        "valid_rdkit": len(smiles) / max(total, 1),
        "unique_rdkit": len(set(smiles)) / max(len(smiles), 1),
        "novel_rdkit": len(plain - old) / max(len(plain), 1),
    }


def quality(options):
    data = Qm9(options.data)
    out = os.path.join(options.out, "samples.sdf")
    command = [options.steer, "sample", options.run, "-n", str(options.count), "-o", out, "--force", "--json"]
    run(command + ["--threads", str(options.threads)] + options.flags)
    found = figures_of(
        run([options.steer, "evaluate", options.run, "--data", options.data, "-n", str(options.count), "--json"]
            + ["--threads", str(options.threads)] + options.flags)
    )["distances"]
    try:
        training = np.flatnonzero(data.split == 0)
        smiles = data.smiles()
        found["rdkit"] = rdkit_figures(out, [smiles[i] for i in training])
    except ImportError:
        print("RDKit is not here: validity, uniqueness and novelty by steer's own rules alone", file=sys.stderr)
    print(json.dumps(found, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["quality", "table"])
    parser.add_argument("run")
    parser.add_argument("more", nargs="+", help="GUIDE EVALUATOR QM9 of a table, QM9 of quality")
    parser.add_argument("--steer", default="build/steer")
    parser.add_argument("-n", "--count", type=int, default=128)
    parser.add_argument("--targets", type=int, default=16)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--methods", nargs="*", default=[row[0] for row in METHODS])
    parser.add_argument("--properties", nargs="*", default=PROPERTIES)
    parser.add_argument("--told", help="a model that is told the properties, for the methods told")
    parser.add_argument("--flags", nargs="*", default=[], help="of steer sample")
    parser.add_argument("--xtb", action="store_true")
    parser.add_argument("--out", default="out/molecules")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    options.data = options.more[-1]
    if options.what == "quality":
        return quality(options)
    if len(options.more) != 3:
        parser.error("expected RUN GUIDE EVALUATOR QM9")
    options.guide, options.evaluator = options.more[0], options.more[1]
    make_table(options)


if __name__ == "__main__":
    main()
