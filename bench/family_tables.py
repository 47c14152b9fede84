"""Class-conditional models of one data set beside one another: samples, tasks, classes asked for.

  samples   distance from real images by features of a second judge, precision, recall, coverage, the share of
            the class told
  tasks     held-out images restored: PSNR and distance of features, beside the trivial answers
  labels    a class asked of models that are told none, or told it

A model is NAME=RUN or NAME=RUN:FLAGS, FLAGS for its samples (as --prior), which is in the first table alone.
Answers are kept in OUT/answers.json.

  python bench/family_tables.py --data CIFAR --features JUDGE --guide OTHER --out OUT ddn=RUN flow=RUN edm=RUN
"""
import argparse
import pathlib

from asking import Steer, table

TASKS = ["super_resolve(factor=4)", "inpaint(mask=left)", "inpaint(mask=checker)", "colourise()"]
TRIVIAL = ["as given", "mean image", "bicubic"]


def samples_table(steer, o):
    rows = []
    for name, run, flags in o.models:
        found = steer(f"evaluate {run} --data {o.data} --features {o.features} -n {o.samples} {flags}")
        drawn = steer(f"sample {run} --label all --judge {o.features} -n 500 {flags} --force -o {o.out}/x.png")
        rows.append([name, *(f"{found[k]:.3f}" for k in ("frechet", "precision", "recall", "coverage")),
                     f"{100 * drawn['judge']['share']:.0f} %", f"{found['seconds_per_sample']:.3f}"])
        real = found["real"]
    rows.append(["training images", *(f"{real[k]:.3f}" for k in ("frechet", "precision", "recall", "coverage")), "", ""])
    table(["", "Frechet", "precision", "recall", "coverage", "of the class told", "seconds"], rows)


def ways_of(name, run):
    if "ddn" not in name.lower():
        return [(f"{name}, auto", run, ""), (f"{name}, tfg, 30 steps", run, "--method tfg --steps 30")]
    return [(f"{name}, best of all candidates", run, "--top 1"), (f"{name}, beam of 8", run, "--beam 8")]


def tasks_table(steer, o):
    rows, trivial = [], {}
    ways = [way for name, run, flags in o.models if not flags for way in ways_of(name, run)]
    for name, run, flags in ways:
        cells = []
        for task in TASKS:
            found = steer(f"evaluate {run} --data {o.data} --objective '{task}' --features {o.features}"
                          f" -n {o.pictures} {flags}")
            cells.append(f"{found['guided']['psnr']:.2f} dB, {found['guided']['perceptual']:.3f}")
            for answer in TRIVIAL:
                if answer in found:
                    trivial.setdefault(answer, {})[task] = found[answer]
        rows.append([name, *cells])
        print("  ".join(rows[-1]), flush=True)
    given = [[answer, *(f"{of[t]['psnr']:.2f} dB, {of[t]['perceptual']:.3f}" if t in of else "" for t in TASKS)]
             for answer, of in trivial.items()]
    table(["", *TASKS], given + rows)


def labels_table(steer, o):
    rows = []
    for name, run, flags in o.models:
        if flags:
            continue
        words = f"--objective 'label(classifier={o.guide})' --judge {o.features} -n {o.labels} --force -o {o.out}/l.png"
        ddn = "ddn" in name.lower()
        told = f"--label all {'--top 2 --shortlist 32' if ddn else '--steps 20 --scale 2'}"
        for way, line in [("told and steered", f"guide {run} {told} {words}")] + (
                [] if ddn else [("steered alone, auto", f"guide {run} --label none --steps 20 {words}")]):
            found = steer(line)
            rows.append([f"{name}, {way}", f"{100 * found['judge']['share']:.1f} %",
                         f"{found['seconds'] / o.labels:.2f}"])
    table(["", "of the class asked, by the other judge", "seconds a sample"], rows)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "features", "guide", "out"):
        arguments.add_argument("--" + name, required=True)
    arguments.add_argument("models", nargs="+")
    arguments.add_argument("--steer", default="build/steer")
    arguments.add_argument("--samples", type=int, default=2000)
    arguments.add_argument("--pictures", type=int, default=40)
    arguments.add_argument("--labels", type=int, default=100)
    arguments.add_argument("--tables", default="samples,tasks,labels")
    o = arguments.parse_args()
    out = pathlib.Path(o.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    o.out = out
    o.models = [(name, *(rest.split(":", 1) + [""])[:2]) for name, rest in (m.split("=", 1) for m in o.models)]
    steer = Steer(o.steer, out)
    for name in o.tables.split(","):
        {"samples": samples_table, "tasks": tasks_table, "labels": labels_table}[name](steer, o)


if __name__ == "__main__":
    main()
