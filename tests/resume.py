#!/usr/bin/env python3
"""Work that is killed at any moment and goes on, against the same work left alone: bit for bit the same.

resume.py STEER [--sets N] [--kills N] [--seed S]

Trains small models of every family under N option sets (default 5; the whole list has over forty), each once
without a break and once ended by `kill -9` at random moments and resumed, and compares weights, optimiser,
averages, counters and logs. Then kills prior, tune, search and reflow the same way until --kills are spent
(default 8) and compares or opens what they leave. Prints a line for each fault and a table at the end; exits
with 1 where anything differs or was lost.
"""

import argparse
import itertools
import json
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

PYRAMID = ["ddn.pyramid.widths=[8,8,8,8]", "ddn.pyramid.layers=[1,1,1,2]", "ddn.pyramid.candidates=[6]",
           "ddn.pyramid.image_channels=3"]
RECURRENT = ["ddn.network=recurrent", "ddn.recurrent.image_channels=3", "ddn.recurrent.base=8", "ddn.recurrent.size=16", "data.size=16", "ddn.recurrent.candidates=6", "ddn.recurrent.repeats=3"]
UNET = ["diffusion.unet.block_out_channels=[8,8]", "diffusion.unet.layers_per_block=1", "diffusion.unet.norm_num_groups=4",
        'diffusion.unet.down_block_types=["DownBlock2D","DownBlock2D"]', 'diffusion.unet.up_block_types=["UpBlock2D","UpBlock2D"]']
JUDGE = ["classifier.network.widths=[8,8]", "classifier.network.size=8"]
SHAPES = ["data.path=shapes", "data.size=8", "data.channels=3", "data.limit=48"]
TRAIN = ["train.loader.batch=8", "train.grid_minutes=0", "train.ramp_images=40", "train.ema_half_life_images=60",
         "train.log_every_steps=3", "train.checkpoint_minutes=0", "train.precision=float32"]


def option_sets():
    """(name, family, options) of each."""
    common = [[], ["train.decay=constant"], ["train.stored=float16"], ["train.recompute=true"], ["train.ema_half_life_images=0"],
              ["train.ema_power=3"], ["train.adam.clip=0.5"], ["train.precision=bfloat16"]]
    ddn = [[], ["ddn.pyramid.dropout=0.2"], ["ddn.chain_dropout=0.3"], ["ddn.balance=bias"], ["ddn.balance=none"],
           ["ddn.condition.type=class"], ["ddn.condition.type=class", "ddn.condition.classes=5", "ddn.condition.encoding=one_hot", "ddn.condition.everywhere=true"],
           ["ddn.condition.type=colour"], ["ddn.condition.type=edge"], ["ddn.condition.type=resize", "ddn.condition.size=4"],
           ["ddn.pyramid.dropout=0.2", "ddn.chain_dropout=0.1", "train.recompute=true"]]
    diffusion = [[], ["diffusion.process.type=ddpm"], ["diffusion.process.type=cosine"], ["diffusion.process.type=flow"],
                 ["diffusion.process.type=edm"], ["diffusion.unet.dropout=0.2"], ["diffusion.classes=5", "diffusion.label_dropout=0.3"],
                 ["diffusion.classes=5"], ["diffusion.flip=0.5"],
                 ["diffusion.unet.dropout=0.1", "diffusion.classes=5", "diffusion.label_dropout=0.3", "diffusion.flip=0.5"]]
    judge = [[], ["classifier.network.dropout=0.3"], ["classifier.smoothing=0.1"],
             ["classifier.augment.noise=0.5", "classifier.network.dropout=0.4"], ["classifier.augment.shift=0"]]
    data = [["train.loader.shuffle=false"], ["ddn.split.half_life_images=50"], ["ddn.split.rule=paper", "train.loader.workers=0"], ["data.labels=both", "ddn.condition.type=class", "ddn.condition.classes=40"], ["data.limit=17", "train.loader.batch=5"], ["train.seed=9"]]
    sets = []
    for more in ddn + common:
        sets.append(("ddn", PYRAMID + more))
    for more in [[], ["ddn.chain_dropout=0.2"]]:
        sets.append(("ddn", RECURRENT + more))
    for more in diffusion + common[1:]:
        sets.append(("diffusion", UNET + more))
    for more in judge + common[1:3]:
        sets.append(("classifier", JUDGE + more))
    for more in data:
        sets.append(("ddn", PYRAMID + more))
    return [(f"{family} {' '.join(o for o in options if o not in PYRAMID + UNET + JUDGE) or 'plain'}", family, options)
            for family, options in sets]


def tensors(path):
    """Words and bytes of a safetensors file, apart from how long it took and how long the log with that is."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    words = {key: value for key, value in header.pop("__metadata__", {}).items() if key not in ("seconds", "log_bytes")}
    return header, words, data[8 + size :]


def log_lines(path):
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in pathlib.Path(path).read_text().splitlines()]


class Work:
    """A command that is killed `kills` times before it may end."""

    def __init__(self, steer, folder, chance):
        self.steer, self.folder, self.chance = steer, folder, chance
        self.killed = 0

    def run(self, arguments, kill_after=None):
        """Exit status, or None where it was killed; what it said last."""
        process = subprocess.Popen([self.steer, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            out, _ = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.killed += 1
            return None, ""
        return process.returncode, out.decode(errors="replace").strip().splitlines()[-1:] or [""]

    def until_done(self, first, again, seconds, kills):
        """Runs `first`, then `again()`, killing each but the last at a random moment of about `seconds`."""
        arguments = first
        for _ in range(kills):
            status, said = self.run(arguments, self.chance.uniform(0.25, 1.0) * seconds)
            if status is not None:
                return status, said
            arguments = again()
        return self.run(arguments)


def train_arguments(family, options, out, images, resume):
    sets = itertools.chain.from_iterable(("--set", each) for each in SHAPES + TRAIN + options)
    return ["train", family, "--out", out, "--images", str(images), "--threads", "1", *sets] + (["--resume"] if resume else [])


def compare_runs(whole, parts):
    for name in ("model.safetensors", "resume.safetensors"):
        if tensors(whole / name) != tensors(parts / name):
            a, b = tensors(whole / name), tensors(parts / name)
            what = "words" if a[1] != b[1] else "tensors"
            return f"{name}: {what} differ"
    if log_lines(whole / "log.jsonl") != log_lines(parts / "log.jsonl"):
        return "log.jsonl differs"
    return ""


def resumed_training(work, name, family, options, kills):
    folder = work.folder
    begun = time.monotonic()
    status, said = work.run(train_arguments(family, options, "whole", 160, False))
    seconds = time.monotonic() - begun
    if status != 0:
        return f"{name}: exit {status}: {said[0]}"
    parts = folder / "parts"
    again = lambda: train_arguments(family, options, "parts", 160, (parts / "resume.safetensors").exists())
    status, said = work.until_done(again(), again, seconds, kills)
    fault = f"exit {status}: {said[0]}" if status != 0 else compare_runs(folder / "whole", parts)
    shutil.rmtree(folder / "whole", ignore_errors=True)
    shutil.rmtree(parts, ignore_errors=True)
    return f"{name}: {fault}" if fault else ""


def prepared(work):
    """Models that the other works need."""
    for name, family, options in (("ddn", "ddn", PYRAMID), ("flow", "diffusion", UNET + ["diffusion.process.type=flow"])):
        status, said = work.run(train_arguments(family, options, name, 64, False))
        if status != 0:
            sys.exit(f"cannot train {name}: {said[0]}")


def killed_prior(work, kills):
    out = work.folder / "prior.safetensors"
    arguments = ["prior", "ddn", "--data", "shapes", "-n", "64", "--test-count", "16", "--steps", "400", "--width", "16",
                 "-o", "prior.safetensors", "--threads", "1"]
    again = lambda: arguments + (["--resume"] if out.exists() else [])
    status, said = work.until_done(again(), again, 3, kills)
    if status != 0:
        return f"prior: exit {status}: {said[0]}"
    status, said = work.run(["sample", "ddn", "--prior", "prior.safetensors", "-n", "1", "-o", "p.png"])
    out.unlink()
    return f"prior: what was left does not open: {said[0]}" if status != 0 else ""


def killed_tune(work, kills):
    out = work.folder / "tuned"
    arguments = ["tune", "ddn", "--objective", "gaussian(mean=0.5)", "--minutes", "0.02", "-n", "4", "--batch", "4",
                 "--out", "tuned", "--threads", "1"]
    status = None
    for _ in range(kills):
        status, said = work.run(arguments, work.chance.uniform(0.25, 1.0) * 3)
        if status is not None or (out / "model.safetensors").exists():
            break
    if status is None and not (out / "model.safetensors").exists():
        status, said = work.run(arguments)
    fault = "" if status is None else f"tune: exit {status}: {said[0]}" if status != 0 else ""
    if not fault and work.run(["sample", "tuned", "-n", "1", "-o", "t.png"])[0] != 0:
        fault = "tune: what was left does not open"
    shutil.rmtree(out, ignore_errors=True)
    return fault


def killed_search(work, kills):
    arguments = lambda out: ["search", "flow", "--objective", "gaussian(mean=0.5)", "-n", "2", "--sweeps", "2", "--budget", "12",
                             "--steps", "4", "-o", out, "--threads", "1"]
    begun = time.monotonic()
    status, said = work.run(arguments("whole.json"))
    if status != 0:
        return f"search: exit {status}: {said[0]}"
    seconds = time.monotonic() - begun
    status, said = work.until_done(arguments("parts.json"), lambda: arguments("parts.json"), seconds, kills)
    fault = ""
    if status != 0:
        fault = f"search: exit {status}: {said[0]}"
    elif (work.folder / "whole.json").read_text() != (work.folder / "parts.json").read_text():
        fault = "search: the presets differ"
    for left in work.folder.glob("*.json*"):
        left.unlink()
    return fault


def killed_reflow(work, kills):
    def arguments(out, resume):
        sets = itertools.chain.from_iterable(("--set", each) for each in TRAIN)
        return ["reflow", "flow", "--out", out, "--pairs", "24", "--images", "160", "--steps", "3", "--threads", "1",
                *sets] + (["--resume"] if resume else [])
    begun = time.monotonic()
    status, said = work.run(arguments("whole", False))
    if status != 0:
        return f"reflow: exit {status}: {said[0]}"
    seconds = time.monotonic() - begun
    parts = work.folder / "parts"
    again = lambda: arguments("parts", (parts / "resume.safetensors").exists())
    status, said = work.until_done(again(), again, seconds, kills)
    fault = f"exit {status}: {said[0]}" if status != 0 else compare_runs(work.folder / "whole", parts)
    for each in ("whole", "parts"):
        shutil.rmtree(work.folder / each, ignore_errors=True)
    return f"reflow: {fault}" if fault else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steer", type=pathlib.Path)
    parser.add_argument("--sets", type=int, default=5)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    every = option_sets()
    # Short forms take the same sets each time, spread over the list.
    chosen = every if asked.sets >= len(every) else [every[i * len(every) // asked.sets] for i in range(asked.sets)]
    faults, begun = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        work = Work(asked.steer.resolve(), pathlib.Path(folder), chance)
        for name, family, options in chosen:
            fault = resumed_training(work, name, family, options, 2)
            print(f"{'FAILED' if fault else 'same'}: {fault or name}", flush=True)
            faults += [fault] if fault else []
        prepared(work)
        training, others = work.killed, (killed_prior, killed_tune, killed_search, killed_reflow)
        at, before = 0, -1
        while work.killed < asked.kills or at < len(others):
            kind = others[at % len(others)]
            fault = kind(work, 2)
            if fault:
                print(f"FAILED: {fault}", flush=True)
                faults.append(fault)
            at += 1
    print(f"{len(chosen)} option sets, {work.killed} kills ({training} of trainings), {time.monotonic() - begun:.0f} s: "
          f"{len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
