"""Emoji at 32x32: a DDN, a flow, and both in a chain, in three tables.

  samples   distance from the training pictures by features of a second judge, precision, recall, coverage,
            memorisation, seconds a sample
  tasks     zero-shot on held-out emoji: PSNR of super-resolution x4, of the left half, of colours, beside
            the trivial answers
  labels    a class asked for: the second judge's share and confidence, seconds a sample; the chain of both
            stands in all three

Everything is asked of the program; answers are kept in OUT/answers.json, so that a run that was stopped goes on.

  python bench/emoji_tables.py --ddn DDN --flow FLOW --guide JUDGE_A --judge JUDGE_B --data EMOJI --out OUT
"""
import argparse
import math
import pathlib
import statistics

from PIL import Image, ImageChops, ImageStat

from asking import Steer, table

TASKS = {
    "x4": "super_resolve({image}, factor=4, fit=resize)",
    "left": "inpaint({image}, mask=left, fit=resize)",
    "colour": "colourise({image}, fit=resize)",
}


def small(path):
    return Image.open(path).convert("RGB").resize((32, 32), Image.BOX)


def psnr(a, b, left_alone=False):
    box = (0, 0, 16, 32) if left_alone else (0, 0, 32, 32)
    difference = ImageChops.difference(a.crop(box), b.crop(box))
    mse = statistics.mean(ImageStat.Stat(difference).sum2) / (box[2] * box[3]) / 255**2
    return -10 * math.log10(max(mse, 1e-10))


def samples_table(steer, o, out):
    made = {
        "DDN, codes all alike": f"sample {o.ddn}",
        "flow, 10 steps": f"sample {o.flow} --steps 10",
        "flow": f"sample {o.flow}",
        "DDN, then flow from noise 0.3": f"sample {o.ddn} --then {o.flow} --noise 0.3 --steps 10",
        "DDN, then flow from noise 0.5": f"sample {o.ddn} --then {o.flow} --noise 0.5 --steps 10",
        "DDN, then flow from noise 0.7": f"sample {o.ddn} --then {o.flow} --noise 0.7 --steps 10",
    }
    rows = []
    for number, (name, line) in enumerate(made.items()):
        folder = out / f"samples{number}"
        drawn = steer(f"{line} --label all -n {o.samples} --judge {o.judge} --force -o {folder}/{{seed}}.png")
        found = steer(f"evaluate {o.flow} --samples {folder} --data {o.data} --split train --fit resize"
                      f" --features {o.judge} --neighbours -n 0")
        rows.append([name, *(f"{found[k]:.3f}" for k in ("frechet", "precision", "recall", "coverage")),
                     f"{100 * found['repeating']['samples']:.1f} %", f"{100 * drawn['judge']['share']:.0f} %",
                     f"{drawn['seconds'] / o.samples:.3f}"])
        real = found["real"]
    rows.append(["held-out emoji", *(f"{real[k]:.3f}" for k in ("frechet", "precision", "recall", "coverage")),
                 f"{100 * found['repeating']['held_out']:.1f} %", "", ""])
    table(["", "Frechet", "precision", "recall", "coverage", "repeat a training picture",
           "of the class told, by the judge", "seconds"], rows)


def held_out(o):
    """Evenly over the classes: (class, file)."""
    classes = sorted((pathlib.Path(o.data) / "test").iterdir())
    files = [sorted(c.glob("*.png")) for c in classes]
    picked = []
    for i in range(o.pictures):
        c = i % len(classes)
        picked.append((classes[c].name, files[c][(i // len(classes)) * 7 % len(files[c])]))
    return picked


def restored(steer, o, out, name, line, task, pictures):
    """Of one way to restore the pictures: mean PSNR, seconds a picture."""
    psnrs, seconds = [], 0
    for i, (kind, file) in enumerate(pictures):
        made = str(out / f"{name}_{task}_".replace(" ", "_").replace(",", ""))
        objective = TASKS[task].format(image=file)
        answer = steer(f"guide {line} --label {kind} --objective '{objective}' -n 1 --seed {i} --force"
                       f" -o '{made}{{seed}}.png'")
        seconds += answer["seconds"]
        image = Image.open(f"{made}{i}.png").convert("RGB")
        psnrs.append(psnr(image, small(file), task == "left"))
    return statistics.mean(psnrs), seconds / len(pictures)


def trivial(task, pictures, mean):
    psnrs = []
    for _, file in pictures:
        truth = small(file)
        if task == "x4":
            answer = truth.resize((8, 8), Image.BOX).resize((32, 32), Image.BICUBIC)
        elif task == "left":
            answer = mean
        else:
            answer = truth.convert("RGB", (1 / 3, 1 / 3, 1 / 3, 0) * 3)
        psnrs.append(psnr(answer, truth, task == "left"))
    return statistics.mean(psnrs)


def mean_image(o):
    total, files = [0.0] * (32 * 32 * 3), sorted(pathlib.Path(o.data).glob("train/*/*.png"))
    for file in files:
        total = [t + v for t, v in zip(total, small(file).tobytes())]
    return Image.frombytes("RGB", (32, 32), bytes(round(t / len(files)) for t in total))


def tasks_table(steer, o, out):
    ways = {
        "DDN, best of all candidates": f"{o.ddn} --top 1",
        "DDN, beam of 8": f"{o.ddn} --beam 8",
        "flow, auto": f"{o.flow}",
        "flow, auto, 5 steps": f"{o.flow} --steps 5",
        "flow, tfg, 30 steps": f"{o.flow} --method tfg --steps 30",
        "flow, pigdm, 30 steps": f"{o.flow} --method pigdm --steps 30",
        "chain, noise 0.3": f"{o.ddn} --top 1 --then {o.flow} --noise 0.3 --steps 5",
        "chain, noise 0.5": f"{o.ddn} --top 1 --then {o.flow} --noise 0.5 --steps 5",
        "chain, noise 0.7": f"{o.ddn} --top 1 --then {o.flow} --noise 0.7 --steps 5",
    }
    pictures, mean = held_out(o), mean_image(o)
    rows = [["bicubic, mean image, grey picture", *(f"{trivial(t, pictures, mean):.2f} dB" for t in TASKS), ""]]
    for name, line in ways.items():
        cells, seconds = [], []
        for task in TASKS:
            found, took = restored(steer, o, out, name, line, task, pictures)
            cells.append(f"{found:.2f} dB")
            seconds.append(took)
        rows.append([name, *cells, f"{statistics.mean(seconds):.2f}"])
        print("  ".join(rows[-1]), flush=True)
    table(["", "super-resolution x4", "left half", "colours", "seconds a picture"], rows)


def labels_table(steer, o, out):
    def toward(*guides):
        words = " + ".join(f"label(classifier={guide})" for guide in guides)
        return f"--objective '{words}' --judge {o.judge} -n {o.labels} --force"

    objective = toward(o.guide)
    ways = {
        "DDN told the class": f"sample {o.ddn} --label all --judge {o.judge} -n {o.labels} --force",
        "DDN told the class, steered": f"guide {o.ddn} --label all --top 1 {objective}",
        "flow told the class": f"sample {o.flow} --label all --judge {o.judge} -n {o.labels} --force",
        "flow, auto": f"guide {o.flow} --label none {objective}",
        "flow, auto, 10 steps": f"guide {o.flow} --label none --steps 10 {objective}",
        "flow, tfg as published": f"guide {o.flow} --label none --method tfg --guidance climb.safe=false {objective}",
        "flow, dps": f"guide {o.flow} --label none --method dps {objective}",
        "flow, freedom": f"guide {o.flow} --label none --method freedom {objective}",
        "flow, mpgd": f"guide {o.flow} --label none --method mpgd {objective}",
        "flow, no gradient: 4 particles": f"guide {o.flow} --label none --steps 10 --method svdd --particles 4 {objective}",
        "flow told the class, auto, 10 steps": f"guide {o.flow} --label all --steps 10 {objective}",
        "the same, scale 2": f"guide {o.flow} --label all --steps 10 --scale 2 {objective}",
        "the same, scale 3, 20 steps": f"guide {o.flow} --label all --steps 20 --scale 3 {objective}",
        "chain, noise 0.5": f"guide {o.ddn} --label all --top 1 --then {o.flow} --noise 0.5 --steps 5 {objective}",
    }
    if o.other_guide:
        both = toward(o.guide, o.other_guide)
        ways["told the class, scale 3, 20 steps, two guides"] = f"guide {o.flow} --label all --steps 20 --scale 3 {both}"
    rows = []
    for number, (name, line) in enumerate(ways.items()):
        found = steer(f"{line} -o {out}/labels{number}.png")
        rows.append([name, f"{100 * found['judge']['share']:.1f} %", f"{found['judge']['confidence']:.3f}",
                     f"{found['seconds'] / o.labels:.2f}"])
        print("  ".join(rows[-1]), flush=True)
    table(["", "of the class asked, by the other judge", "its confidence", "seconds a sample"], rows)


def main():
    arguments = argparse.ArgumentParser()
    for name in ("ddn", "flow", "guide", "judge", "data", "out"):
        arguments.add_argument("--" + name, required=True)
    arguments.add_argument("--other-guide", default="")
    arguments.add_argument("--steer", default="build/steer")
    arguments.add_argument("--pictures", type=int, default=27)
    arguments.add_argument("--samples", type=int, default=900)
    arguments.add_argument("--labels", type=int, default=180)
    arguments.add_argument("--tables", default="samples,tasks,labels")
    o = arguments.parse_args()
    out = pathlib.Path(o.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    steer = Steer(o.steer, out)
    for name in o.tables.split(","):
        {"samples": samples_table, "tasks": tasks_table, "labels": labels_table}[name](steer, o, out)


main()
