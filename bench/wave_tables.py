"""Waveforms that a model mends, beside what needs no model: wave_tables.py STEER RUN JUDGE FSDD [-n N]

RUN is a diffusion of `configs/digits_wave_flow.json`, JUDGE a classifier of spectrograms (`steer train classifier
--data FSDD`), STEER the program, FSDD the archive of recordings, of which some of takes 0 to 4 are the truth. Two
tasks: `declip_wave` (samples beyond a share of the peak are clipped) and `bandwidth` (frequencies above hz are lost).
Beside the methods of guidance: what was given as it is (hold), a cubic spline, and autoregressive interpolation
(Janssen, Veldhuis and Vries 1986) with coefficients by Levinson's recursion. Every row keeps what is known: samples
that were not clipped and frequencies that were not lost are put back, clipped samples are at least at the threshold.
SNR in dB over the clipped samples, or over the whole waveform, medians over the truths; log-spectral distance in dB
(spectra of 256 samples, down to 50 dB below the loudest), means; the share that JUDGE hears as the truth's digit.
OUT/table.md has the tables, which are printed too. Needs numpy and scipy.
"""

import argparse
import io
import json
import os
import subprocess
import tarfile

import numpy as np
import scipy.fft
import scipy.interpolate
import scipy.io.wavfile
import scipy.linalg

RATE, SAMPLES, PEAK, FRAME, ORDER, ROUNDS = 8000, 4096, 0.7, 512, 32, 3
METHODS = ["unguided", "dps", "mpgd", "ugd", "pigdm", "auto"]


def recordings(path, count):
    """Names and waveforms of test takes, of digits and speakers in turn, as loud as the model's data."""
    with tarfile.open(path) as archive:
        names = sorted(
            m.name for m in archive if m.name.endswith(".wav") and int(m.name[:-4].rsplit("_", 1)[1]) < 5
        )
        names = [names[37 * i % len(names)] for i in range(count)]
        waves = []
        for name in names:
            _, samples = scipy.io.wavfile.read(io.BytesIO(archive.extractfile(name).read()))
            wave = np.zeros(SAMPLES)
            some = samples[:SAMPLES] / 32768
            wave[: len(some)] = some
            waves.append(wave * PEAK / np.abs(wave).max())
    return [os.path.basename(name) for name in names], waves


def low_passed(wave, hz):
    bins = scipy.fft.dct(wave, norm="ortho")
    bins[int(2 * len(wave) * hz / RATE) + 1 :] = 0
    return scipy.fft.idct(bins, norm="ortho")


def coefficients(frame):
    """The predictor 1, a_1, ..., a_p of least squared error, by the autocorrelation method."""
    correlation = np.correlate(frame, frame, "full")[len(frame) - 1 : len(frame) + ORDER]
    if correlation[0] <= 0:
        return None
    correlation[0] *= 1 + 1e-4  # as speech coders do, against what is nearly predictable
    right = -correlation[1 : ORDER + 1]
    return np.concatenate([[1.0], scipy.linalg.solve_toeplitz(correlation[:ORDER], right)])


def interpolated_frame(frame, missing):
    """The missing samples that a predictor of this frame finds likeliest, and the predictor of these, in turns; what
    the frame has in their places is the beginning."""
    for _ in range(ROUNDS):
        a = coefficients(frame)
        if a is None:
            return frame
        errors = scipy.linalg.convolution_matrix(a, len(frame))[: len(frame)]
        known, hidden = errors[:, ~missing] @ frame[~missing], errors[:, missing]
        frame[missing] = scipy.linalg.solve(hidden.T @ hidden, -hidden.T @ known, assume_a="pos")
    return frame


def autoregressive(wave, missing):
    """Frames that overlap by three quarters, weighted by a Hann window."""
    window = np.hanning(FRAME + 2)[1:-1]
    padded, holes = np.pad(wave, FRAME), np.pad(missing, FRAME)
    total, weight = np.zeros_like(padded), np.zeros_like(padded)
    for begin in range(0, len(padded) - FRAME + 1, FRAME // 4):
        part = slice(begin, begin + FRAME)
        filled = padded[part].copy()
        if 0 < holes[part].sum() < FRAME - ORDER:
            filled = interpolated_frame(filled, holes[part])
        total[part] += window * filled
        weight[part] += window
    return np.where(missing, (total / np.maximum(weight, 1e-9))[FRAME:-FRAME], wave)


def spline(wave, missing):
    places = np.flatnonzero(~missing)
    return scipy.interpolate.CubicSpline(places, wave[places])(np.arange(len(wave)))


class Declip:
    def __init__(self, threshold):
        self.name, self.level = f"declip_wave, threshold {threshold:g}", threshold * PEAK
        self.words = f"threshold={threshold:g}"

    def objective(self, path, method):
        # What is in closed form needs what is linear.
        bound = ", bound=false" if method in ("pigdm", "pigdm_step") else ""
        return f"declip_wave('{path}', {self.words}{bound})"

    def hidden(self, truth):
        return np.abs(truth) >= self.level

    def projected(self, x, truth):
        high = np.sign(truth) * np.maximum(np.sign(truth) * x, self.level)
        return np.where(self.hidden(truth), high, truth)

    def baselines(self, truth):
        hidden, given = self.hidden(truth), np.clip(truth, -self.level, self.level)
        return {"hold": given, "spline": spline(given, hidden), "autoregressive": autoregressive(given, hidden)}


class Bandwidth:
    def __init__(self, hz):
        self.name, self.hz = f"bandwidth, {hz:g} Hz", hz
        self.words = f"hz={hz:g}"

    def objective(self, path, method):
        return f"bandwidth('{path}', {self.words})"

    def hidden(self, truth):
        return np.ones(len(truth), bool)

    def projected(self, x, truth):
        return x - low_passed(x, self.hz) + low_passed(truth, self.hz)

    def baselines(self, truth):
        given, every = low_passed(truth, self.hz), int(RATE / (2 * self.hz))
        missing = np.arange(len(truth)) % every != 0
        held = np.repeat(given[::every], every)[: len(truth)]
        return {
            "low frequencies alone": given,
            "hold": held,
            "spline": spline(given, missing),
            "autoregressive": autoregressive(spline(given, missing), missing),
        }


def log_spectrum(wave):
    frames = np.lib.stride_tricks.sliding_window_view(wave, 256)[::64] * np.hanning(256)
    return np.abs(np.fft.rfft(frames)) ** 2


def spectral_distance(x, truth):
    power, floor = log_spectrum(truth), log_spectrum(truth).max() * 1e-5
    difference = 10 * np.log10(np.maximum(log_spectrum(x), floor) / np.maximum(power, floor))
    return np.sqrt((difference**2).mean(1)).mean()


def snr(x, truth, places):
    error = ((x - truth)[places] ** 2).sum()
    return 10 * np.log10((truth[places] ** 2).sum() / max(error, 1e-20))


def write(folder, name, wave):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    scipy.io.wavfile.write(path, RATE, np.round(np.clip(wave, -1, 1) * 32767).astype(np.int16))
    return path


def drawn(options, task, method, path, seed, out):
    """One waveform by the program; None where it refuses. What is not guided is the same for every task."""
    if method == "unguided":
        out = os.path.join(options.out, f"unguided_{seed}.wav")
        if os.path.exists(out):
            return scipy.io.wavfile.read(out)[1][:SAMPLES] / 32768
    command = ["sample", options.run] if method == "unguided" else ["guide", options.run]
    command += ["-n", "1", "--label", "none", "--seed", str(seed), "--steps", str(options.steps), "--threads", "1"]
    if method != "unguided":
        command += ["--objective", task.objective(path, method), "--method", method]
    done = subprocess.run([options.steer, *command, "-o", out, "--force"], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1])
        return None
    return scipy.io.wavfile.read(out)[1][:SAMPLES] / 32768


def heard(options, folder):
    """The share of files that JUDGE hears as the digit of their name. Labels count the digits that are there."""
    command = [options.steer, "evaluate", options.judge, "--data", folder, "--split", "test", "-n", "0", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    digits = sorted({int(name[0]) for name in os.listdir(folder)})
    return sum(told["confusion"][row][digit] for row, digit in enumerate(digits)) / told["images"]


def table(options, task, names, truths):
    rows = {}
    paths = [write(os.path.join(options.out, "truth"), name, truth) for name, truth in zip(names, truths)]
    for name, truth in zip(names, truths):
        for row, x in {**task.baselines(truth), "the truth": truth}.items():
            rows.setdefault(row, []).append(x)
    for method in options.methods:
        out = os.path.join(options.out, "one.wav")
        made = [drawn(options, task, method, path, seed, out) for seed, path in enumerate(paths)]
        if all(x is not None for x in made):
            rows[method] = made
    lines = [f"**{task.name}**\n", "| way | SNR, dB | log-spectral distance, dB | digits heard |", "|---|---|---|---|"]
    for row, made in rows.items():
        folder = os.path.join(options.out, task.name.split(",")[0], row.replace(" ", "_"))
        made = [task.projected(x, truth) for x, truth in zip(made, truths)]
        for name, x in zip(names, made):
            write(folder, name, x)
        ratio = np.median([snr(x, t, task.hidden(t)) for x, t in zip(made, truths)])
        apart = np.mean([spectral_distance(x, t) for x, t in zip(made, truths)])
        sure = "-" if row == "the truth" else f"{ratio:.1f}"
        lines.append(f"| {row} | {sure} | {apart:.1f} | {100 * heard(options, folder):.0f} % |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for word in ("steer", "run", "judge", "data"):
        parser.add_argument(word)
    parser.add_argument("-n", type=int, default=30)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--threshold", type=float, default=0.3)
    parser.add_argument("--hz", type=float, default=1000)
    parser.add_argument("--methods", nargs="*", default=METHODS)
    parser.add_argument("--out", default="out/waves")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    names, truths = recordings(options.data, options.n)
    parts = [table(options, task, names, truths) for task in (Declip(options.threshold), Bandwidth(options.hz))]
    with open(os.path.join(options.out, "table.md"), "w") as file:
        file.write("\n".join(parts))
    print("\n".join(parts))


if __name__ == "__main__":
    main()
