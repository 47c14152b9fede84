"""Sounds that a model of spoken digits fills in, and digits asked for: sound_tables.py RUN GUIDE JUDGE FSDD [-n N]

RUN is a diffusion of `configs/digits_flow.json`, GUIDE and JUDGE are classifiers of the two halves of its data. Needs
the Python module steer, and librosa for the distance of sounds: dynamic time warping of 20 MFCC, as the audio tasks
of TFG measure (mean cost / 1000, sounds divided by the largest sample of the whole set). Of samples and truths also
the level error in dB where nothing was known, the share of digits that JUDGE hears as the truth's, and the Frechet
distance of JUDGE's features. OUT/table.md has the tables, which are printed too.
"""

import argparse
import io
import os

import librosa
import numpy as np
import steer
import torch

from fsdd import test_takes

RATE, WINDOW, HOP, SIDE = 8000, 512, 64, 64
METHODS = ["unguided", "dps", "lgd", "freedom", "mpgd", "ugd", "tfg", "pigdm", "pigdm_step", "auto"]


def recordings(folder, count):
    """Test takes 0 to 4 at even distances: waves of half a second, and digits."""
    takes = test_takes(folder, count)
    waves = [librosa.load(io.BytesIO(data), sr=RATE)[0] for data in takes.values()]
    waves = [librosa.util.fix_length(wave, size=SIDE * HOP - 1) for wave in waves]
    return np.stack(waves), [int(name[0]) for name in takes]


def spectrogram(wave):
    power = librosa.feature.melspectrogram(
        y=wave, sr=RATE, n_fft=WINDOW, hop_length=HOP, n_mels=SIDE, pad_mode="constant"
    )
    level = librosa.power_to_db(power, ref=np.max, amin=1e-30, top_db=80)
    return np.floor(np.clip((level + 80) * 255 / 80, 0, 255) + 0.5) / 127.5 - 1


def wave_of(mel):
    power = librosa.db_to_power((mel + 1) * 40 - 80)
    return librosa.feature.inverse.mel_to_audio(
        power, sr=RATE, n_fft=WINDOW, hop_length=HOP, pad_mode="constant", length=SIDE * HOP - 1
    )


def warped(waves, truths):
    waves, truths = waves / np.abs(waves).max(), truths / np.abs(truths).max()
    costs = []
    for wave, truth in zip(waves, truths):
        of = lambda y: librosa.feature.mfcc(y=y, sr=RATE)
        costs.append(librosa.sequence.dtw(of(wave), of(truth))[0][-1, -1])
    return float(np.mean(costs)) / 1000


class Measures:
    def __init__(self, judge, truth, waves, digits):
        self.judge, self.truth, self.waves, self.digits = judge, truth, waves, torch.tensor(digits)

    def of(self, x, hidden, sound=True):
        error = ((x - self.truth) * hidden).square().sum() / (hidden.expand_as(x).sum())
        heard = (self.judge(x).argmax(1) == self.digits).float().mean()
        apart = steer.frechet(x, self.truth, self.judge)
        cost = warped(np.stack([wave_of(m[0].numpy()) for m in x]), self.waves) if sound else float("nan")
        return f"{40 * float(error.sqrt()):.1f} | {cost:.2f} | {100 * float(heard):.0f} % | {apart:.1f}"


def hidden_of(task):
    hidden = torch.zeros(1, 1, SIDE, SIDE)
    if task == "declip":
        hidden[:, :, :10], hidden[:, :, -10:] = 1, 1
    else:
        hidden[:, :, :, 22:42] = 1
    return hidden


def task_table(model, measures, truth, task, methods, steps):
    hidden = hidden_of(task)
    wish = (
        steer.objectives.declip(truth)
        if task == "declip"
        else steer.objectives.inpaint(truth, begin=22 / 125, end=42 / 125)
    )
    # Rows without a model: hidden places at the mean of all sounds there, and at the lowest level.
    known = truth * (1 - hidden)
    rows = [
        ("the mean of all sounds", known + truth.mean(0, keepdim=True) * hidden),
        ("silence", known - hidden),
    ]
    lines = []
    for method in methods:
        objective = None if method == "unguided" else wish
        guidance = None if method == "unguided" else method
        try:
            drawn = model.sample(
                len(truth),
                seed=0,
                label="none",
                objective=objective,
                guidance=guidance,
                steps=steps,
                watch=False,
            )
        except steer.Error as error:
            lines.append(f"| {method} | {error} |")
            continue
        rows.append((method, drawn.x.clamp(-1, 1)))
    rows.append(("the truth by its spectrogram", truth))
    lines += [f"| {name} | {measures.of(x, hidden)} |" for name, x in rows]
    head = f"**{task}**\n\n| method | dB off where hidden | MFCC-DTW | digits heard | Frechet distance |\n|---|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


def label_table(model, guide, judge, methods, steps, count):
    lines = []
    digits = torch.arange(count) % 10
    told = model.sample(count, seed=0, label="all", steps=steps, watch=False).x
    lines.append(
        f"| told the class | {100 * float((judge(told).argmax(1) == digits).float().mean()):.0f} % |"
    )
    for method in methods:
        if method in ("unguided", "pigdm", "pigdm_step"):
            continue
        wish = steer.label(classifier=guide)
        drawn = model.sample(
            count, seed=0, label="none", objective=wish, guidance=method, steps=steps, watch=False
        ).x
        lines.append(f"| {method} | {100 * float((judge(drawn).argmax(1) == digits).float().mean()):.0f} % |")
    four = model.sample(
        count,
        seed=0,
        label="none",
        objective=steer.label(classifier=guide),
        particles=4,
        steps=steps // 4,
        watch=False,
    ).x
    lines.append(f"| particles 4 | {100 * float((judge(four).argmax(1) == digits).float().mean()):.0f} % |")
    return (
        "**label**\n\n| method | heard as asked by the other half's judge |\n|---|---|\n"
        + "\n".join(lines)
        + "\n"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("guide")
    parser.add_argument("judge")
    parser.add_argument("data")
    parser.add_argument("-n", type=int, default=50)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--methods", nargs="*", default=METHODS)
    parser.add_argument("--out", default="out/sound")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    waves, digits = recordings(options.data, options.n)
    truth = torch.tensor(np.stack([spectrogram(w) for w in waves]), dtype=torch.float32).unsqueeze(1)
    model, guide, judge = steer.load(options.run), steer.load(options.guide), steer.load(options.judge)
    measures, parts = Measures(judge, truth, waves, digits), []
    for task in ("declip", "inpaint"):
        parts.append(task_table(model, measures, truth, task, options.methods, options.steps))
        print(parts[-1], flush=True)
    parts.append(label_table(model, guide, judge, options.methods, options.steps, options.n))
    print(parts[-1])
    with open(os.path.join(options.out, "table.md"), "w") as file:
        file.write("\n".join(parts))


if __name__ == "__main__":
    main()
