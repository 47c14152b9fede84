"""A DDN of spoken digits as a codec, beside Codec2 and Opus: sound_codec.py STEER DDN JUDGE FSDD [-n N] [--blocks RUN ...]

DDN is a run of `configs/digits_ddn.json` with its prior (`steer prior DDN --data FSDD`), JUDGE a classifier
of digits. Test takes of half a second at even distances go through each codec: the DDN by `steer encode` and
`decode`, Codec2 and Opus (Debian's codec2 and opus-tools) one after the other as one sound, since half a
second is short for them, and so do runs of `configs/digits_block_ddn.json` (--blocks). Bits are those of codes and
frames, without headers. Needs numpy, librosa and soundfile. What comes back is judged in sound: signal to noise (only
codecs of waveforms keep that), log-spectral distance in dB (64 bands, 60 dB), dynamic time warping of 20 MFCC
(mean cost / 1000), and the digits that JUDGE hears. DDN may be none. OUT/codec.md has the table.
"""

import argparse
import io
import json
import os
import shutil
import subprocess

import librosa
import numpy as np
import soundfile

from fsdd import test_takes

RATE, SAMPLES = 8000, 4095
SPECTRUM = {"sr": RATE, "n_fft": 512, "hop_length": 64, "pad_mode": "constant"}
SECONDS = SAMPLES / RATE
CODEC2 = ["3200", "2400", "1200", "700C"]


def ran(*words, told=True):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words[0]}: " + (done.stderr.strip().splitlines() or ["failed"])[-1])
    return done.stdout if told else None


def takes(path, count):
    """{name: sound of SAMPLES} of test takes."""
    read = lambda data: librosa.load(io.BytesIO(data), sr=RATE)[0]
    return {name: librosa.util.fix_length(read(data), size=SAMPLES) for name, data in test_takes(path, count).items()}


def levels(wave):
    power = librosa.feature.melspectrogram(y=wave, n_mels=64, **SPECTRUM)
    return librosa.power_to_db(power, ref=np.max, amin=1e-30, top_db=60)


def by_spectrogram(wave):
    """A sound by its own spectrogram, phases guessed: what a perfect code of it would give."""
    power = librosa.feature.melspectrogram(y=wave, n_mels=64, **SPECTRUM)
    level = librosa.power_to_db(power, ref=np.max, amin=1e-30, top_db=80)
    return librosa.feature.inverse.mel_to_audio(librosa.db_to_power(level), length=SAMPLES, **SPECTRUM)


class Measures:
    def __init__(self, options, truth):
        self.o, self.truth = options, truth

    def of(self, name, waves):
        """Digits heard, distance of levels, distance of warped MFCC."""
        folder = os.path.join(self.o.out, "heard_" + "".join(c for c in name if c.isalnum()))
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for file, wave in waves.items():
            soundfile.write(os.path.join(folder, file), 0.9 * wave / max(np.abs(wave).max(), 1e-6), RATE)
        asked = ["evaluate", self.o.judge, "--data", folder, "-n", "0", "--threads", "1", "--json"]
        said = ran(self.o.steer, *asked)
        heard = json.loads(said.strip().splitlines()[-1])["accuracy"]
        apart = [np.sqrt(np.mean((levels(waves[f]) - levels(t)) ** 2)) for f, t in self.truth.items()]
        coefficients = lambda y: librosa.feature.mfcc(y=y / max(np.abs(y).max(), 1e-6), sr=RATE)
        warped = [
            librosa.sequence.dtw(coefficients(waves[f]), coefficients(t))[0][-1, -1] / 1000
            for f, t in self.truth.items()
        ]
        return f"{np.mean(apart):.1f} | {np.mean(warped):.2f} | {100 * heard:.0f} %"


def cut(sound, truth):
    """One sound as the takes that it was made of, moved by what the codec was late: up to 100 ms."""
    names, whole = list(truth), np.concatenate(list(truth.values()))
    sound = np.concatenate([sound, np.zeros(len(whole))])
    envelope = lambda y: np.convolve(np.abs(y), np.ones(80) / 80, "same")
    wanted = envelope(whole)
    late = max(range(0, 800, 8), key=lambda d: np.dot(envelope(sound[d : d + len(whole)]), wanted))
    parts = sound[late : late + len(whole)].reshape(len(names), SAMPLES)
    return dict(zip(names, parts))


def raw_of(truth):
    whole = np.concatenate(list(truth.values()))
    return np.clip(np.round(whole * 2**15), -(2**15), 2**15 - 1).astype("<i2").tobytes()


def by_codec2(mode, truth, folder):
    """Sounds and bits a second."""
    plain, coded, back = (os.path.join(folder, name) for name in ("in.raw", "c2.bin", "out.raw"))
    with open(plain, "wb") as file:
        file.write(raw_of(truth))
    ran("c2enc", mode, plain, coded)
    ran("c2dec", mode, coded, back)
    bits = 8 * os.path.getsize(coded) / (SECONDS * len(truth))
    return cut(np.fromfile(back, "<i2") / 2**15, truth), bits


def ogg_payload(path):
    """Bytes of an Ogg file's packets behind the two of headers, by the lacing of its pages."""
    with open(path, "rb") as file:
        data = file.read()
    at, pages = 0, []
    while at < len(data):
        lengths = data[at + 27 : at + 27 + data[at + 26]]
        pages.append(sum(lengths))
        at += 27 + len(lengths) + sum(lengths)
    return sum(pages[2:])


def by_opus(kilobits, truth, folder):
    plain, coded, back = (os.path.join(folder, name) for name in ("in.raw", "out.opus", "out.wav"))
    with open(plain, "wb") as file:
        file.write(raw_of(truth))
    ran("opusenc", "--quiet", "--bitrate", str(kilobits), "--raw", "--raw-rate", str(RATE), "--raw-chan", "1",
        plain, coded)
    ran("opusdec", "--quiet", "--rate", str(RATE), coded, back)
    sound, _ = soundfile.read(back)
    return cut(sound, truth), 8 * ogg_payload(coded) / (SECONDS * len(truth))


def coded(options, run, files, coder, name):
    """What `steer encode` and `decode` make of files, as one sound, and the figures of the codes."""
    codes, back = (os.path.join(options.out, f"{name}.{ending}") for ending in ("ddn", "wav"))
    said = ran(options.steer, "encode", run, *files, "--coder", coder, "-o", codes, "--force", "--threads", "1", "--json")
    ran(options.steer, "decode", run, codes, "-o", back, "--force", "--threads", "1")
    return soundfile.read(back)[0], json.loads(said.strip().splitlines()[-1])


def by_ddn(options, truth, coder):
    """Takes as files, a file of codes of all, and one sound of all, a quarter of a second apart."""
    folder = os.path.join(options.out, "takes")
    os.makedirs(folder, exist_ok=True)
    for file, wave in truth.items():
        soundfile.write(os.path.join(folder, file), wave, RATE)
    sound, figures = coded(options, options.ddn, [os.path.join(folder, file) for file in truth], coder, coder)
    step = SAMPLES + RATE // 4
    waves = {file: sound[i * step : i * step + SAMPLES] for i, file in enumerate(truth)}
    return waves, figures["file_bits"] / SECONDS


def by_blocks(options, run, truth, coder):
    """All takes as one sound, a code for each of its blocks."""
    whole = os.path.join(options.out, "whole.wav")
    soundfile.write(whole, np.concatenate(list(truth.values())), RATE)
    sound, figures = coded(options, run, [whole], coder, f"blocks_{coder}")
    return cut(sound, truth), figures["file_bits"] * figures["blocks"] / (SECONDS * len(truth))


def signal_to_noise(truth, waves):
    """Median over the takes, dB, each as loud as serves it best."""
    found = []
    for file, wave in truth.items():
        made = waves[file]
        made = made * np.dot(made, wave) / max(np.dot(made, made), 1e-12)
        found.append(10 * np.log10(np.dot(wave, wave) / max(np.dot(wave - made, wave - made), 1e-12)))
    return np.median(found)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("steer", "ddn", "judge", "data"):
        parser.add_argument(name)
    parser.add_argument("-n", type=int, default=60)
    parser.add_argument("--blocks", nargs="*", default=[])
    parser.add_argument("--out", default="out/sound_codec")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    truth = takes(options.data, options.n)
    measures = Measures(options, truth)
    rows = [("the recording", 16 * RATE, truth)]
    rows.append(("its spectrogram", 64 * 64 * 8 / SECONDS, {f: by_spectrogram(t) for f, t in truth.items()}))
    for coder in ("adaptive", "prior"):
        if options.ddn != "none":
            waves, bits = by_ddn(options, truth, coder)
            rows.append((f"DDN, {coder} coder", bits, waves))
        for run in options.blocks:
            waves, bits = by_blocks(options, run, truth, coder)
            rows.append((f"DDN of blocks, {os.path.basename(run)}, {coder} coder", bits, waves))
    for mode in CODEC2:
        waves, bits = by_codec2(mode, truth, options.out)
        rows.append((f"Codec2 {mode}", bits, waves))
    waves, bits = by_opus(6, truth, options.out)
    rows.append(("Opus", bits, waves))
    lines = ["| codec | bits a second | SNR, dB | dB off | MFCC-DTW | digits heard |", "|---|---|---|---|---|---|"]
    for name, bits, waves in rows:
        lines.append(f"| {name} | {bits:,.0f} | {signal_to_noise(truth, waves):.1f} | {measures.of(name, waves)} |")
        print(lines[-1], flush=True)
    with open(os.path.join(options.out, "codec.md"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
