"""Two voices out of one sound: wave_mix.py STEER RUN FSDD [-n PAIRS]

RUN is a diffusion of `configs/digits_wave_flow.json`, STEER the program, FSDD the archive of recordings. Test takes of two
digits by two speakers are added; `mix` asks for parts that sum to this, each told its digit or told nothing. SNR of the
parts in dB, medians over all parts, beside half of the mixture for both (3 dB where both are equally loud); where nothing
is told, in the better order; how far the parts' sum is from the mixture, in dB. Needs numpy and scipy.
"""

import argparse
import os
import subprocess

import numpy as np
import scipy.io.wavfile
from wave_tables import RATE, recordings

WAYS = [
    ("dps", ["--method", "dps"]),
    ("mpgd", ["--method", "mpgd"]),
    ("ugd", ["--method", "ugd"]),
    ("tfg", ["--method", "tfg"]),
    ("tfg, 4 times each step", ["--method", "tfg", "--recurrence", "4"]),
]
TOLD = [("told the digits", "{0},{1}", []), ("told, scale 2", "{0},{1}", ["--scale", "2"]), ("told nothing", "none", [])]


def snr(truth, made):
    return 10 * np.log10((truth**2).sum() / max(((truth - made) ** 2).sum(), 1e-12))


def pairs_of(path, count):
    """[(digits, waves)]: two digits by two speakers each, in turn."""
    names, waves = recordings(path, 8 * count)
    pairs, used = [], set()
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            first, second = (names[k].split("_") for k in (i, j))
            if {i, j} & used or first[0] == second[0] or first[1] == second[1] or len(pairs) == count:
                continue
            used |= {i, j}
            pairs.append(((first[0], second[0]), (waves[i], waves[j])))
    return pairs


def separated(options, pair, out, told, flags):
    digits, waves = pair
    mixture = waves[0] + waves[1]
    level = np.abs(mixture).max()
    path = os.path.join(out, "mixture.wav")
    scipy.io.wavfile.write(path, RATE, (mixture / level * 32767).astype(np.int16))
    command = [options.steer, "guide", options.run, "--objective", f"mix({path}, level={level:.5f}, noise={options.noise})"]
    command += ["--label", told.format(*digits), "-n", "2", "--seed", "0", "--steps", str(options.steps), "--threads", "1"]
    subprocess.run(command + flags + ["-o", os.path.join(out, "{seed}.wav"), "--force"], check=True, capture_output=True)
    parts = []
    for i in range(2):
        _, samples = scipy.io.wavfile.read(os.path.join(out, f"{i}.wav"))
        parts.append(samples[: len(mixture)].astype(np.float64) / 32768)
    return parts, snr(mixture, parts[0] + parts[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("steer", "run", "fsdd"):
        parser.add_argument(name)
    parser.add_argument("-n", "--count", type=int, default=12)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--noise", type=float, default=0.01)
    parser.add_argument("--out", default="out/wave_mix")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    pairs = pairs_of(options.fsdd, options.count)
    half = [snr(wave, sum(waves) / 2) for _, waves in pairs for wave in waves]
    print(f"{len(pairs)} pairs; half of the mixture: {np.median(half):.1f} dB\n", flush=True)
    print("| | " + " | ".join(told[0] for told in TOLD) + " |\n|---" * 1 + "|---" * len(TOLD) + "|")
    for name, flags in WAYS:
        cells = []
        for what, told, more in TOLD:
            found, sums = [], []
            for pair in pairs:
                parts, whole = separated(options, pair, options.out, told, flags + more)
                orders = [[snr(a, b) for a, b in zip(pair[1], order)] for order in (parts, parts[::-1])]
                found += max(orders, key=sum) if told == "none" else orders[0]
                sums.append(whole)
            cells.append(f"{np.median(found):.1f} (sum {np.median(sums):.0f})")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
