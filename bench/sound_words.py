"""Digits asked for, as a recogniser of words hears them: sound_words.py STEER MODEL CLASSIFIER FSDD [-n N]

MODEL and CLASSIFIER are `spoken_digits` and `spoken_digits_judge` or runs of one's own. The judge is
pocketsphinx with its English model, which knows nothing of either, told that one of ten words is said; how it
hears N test takes of FSDD bounds what can be expected. Needs numpy, librosa and pocketsphinx.
OUT/words.md has the table.
"""

import argparse
import os

import librosa
import numpy as np
from pocketsphinx import Config, Decoder
from sound_codec import RATE, ran, takes

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
JUDGE_RATE, SILENCE = 16000, 3200


def judge(folder):
    grammar = os.path.join(folder, "digits.gram")
    with open(grammar, "w") as file:
        file.write(f"#JSGF V1.0; grammar digits; public <digit> = {' | '.join(WORDS)};\n")
    return Decoder(Config(jsgf=grammar, loglevel="FATAL"))


def word_of(decoder, wave, rate):
    """The word heard, with silence that is not quite still around it; empty for none."""
    wave = librosa.resample(wave, orig_sr=rate, target_sr=JUDGE_RATE)
    wave = np.pad(0.5 * wave / max(np.abs(wave).max(), 1e-6), SILENCE)
    wave = wave + 1e-4 * np.random.default_rng(0).standard_normal(len(wave))
    decoder.start_utt()
    decoder.process_raw((np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    said = decoder.hyp()
    return said.hypstr.split()[0] if said and said.hypstr else ""


def share(decoder, pairs):
    """Of (digit, sound, rate)."""
    heard = [word_of(decoder, wave, rate) == WORDS[digit] for digit, wave, rate in pairs]
    return f"{100 * np.mean(heard):.0f} %"


def drawn(options, name, command):
    """(digit, sound, rate) of each sample: sample i is asked for digit i modulo ten."""
    folder = os.path.join(options.out, name)
    os.makedirs(folder, exist_ok=True)
    pattern = os.path.join(folder, "{seed}.wav")
    ran(options.steer, *command, "-n", str(options.n), "--steps", str(options.steps), "--threads", "1", "-o",
        pattern, "--force")
    sounds = [librosa.load(pattern.format(seed=i), sr=None) for i in range(options.n)]
    return [(i % 10, wave, rate) for i, (wave, rate) in enumerate(sounds)]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("steer", "model", "classifier", "data"):
        parser.add_argument(name)
    parser.add_argument("-n", type=int, default=50)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--methods", nargs="*", default=["auto", "ugd", "dps", "mpgd"])
    parser.add_argument("--out", default="out/sound_words")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    decoder = judge(options.out)
    lines = ["| sounds | heard as asked by pocketsphinx |", "|---|---|"]

    def row(name, pairs):
        lines.append(f"| {name} | {share(decoder, pairs)} |")
        print(lines[-1], flush=True)

    row("test takes of people", [(int(k[0]), w, RATE) for k, w in takes(options.data, options.n).items()])
    row("told the class", drawn(options, "told", ["sample", options.model, "--label", "all"]))
    wish = f"label(classifier={options.classifier})"
    for method in options.methods:
        command = ["guide", options.model, "--label", "none", "--objective", wish, "--method", method]
        row(method, drawn(options, method, command))
    with open(os.path.join(options.out, "words.md"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
