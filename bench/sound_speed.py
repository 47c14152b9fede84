"""Spectrograms and the way back beside librosa: sound_speed.py LIBROSA_PYTHON

LIBROSA_PYTHON is a Python that imports librosa (0.11 was measured). Both sides take turns on one thread; medians of
rounds. Sound of 131,071 samples, 22,050 Hz, windows of 2,048, hop 512, 256 bands: its bytes (target 20 times librosa),
the nonnegative inverse of its bands, and 32 iterations of Griffin and Lim (target 0.2 s). Answers are compared: bytes
one by one, residuals and spectral convergence beside each other.
"""

import json
import os
import statistics
import struct
import sys
import tempfile
import time

PARTS = {"bytes": 41, "inverse": 5, "griffin_lim": 9}  # and rounds
SAMPLES = 131071
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


def tensors_of(path):
    import numpy

    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    header.pop("__metadata__", None)
    array = lambda e: numpy.frombuffer(data[slice(*e["data_offsets"])], numpy.float32).reshape(e["shape"])
    return {name: array(entry) for name, entry in header.items()}


def works(given):
    """What librosa does for each part, and what of its answer is compared."""
    import librosa
    import numpy

    sound, power = given["input.sound"][0], given["input.power"][0]
    frames = {"n_fft": 2048, "hop_length": 512, "pad_mode": "reflect"}
    bands = librosa.filters.mel(sr=22050, n_fft=2048, n_mels=256)

    def as_bytes():
        mel = librosa.feature.melspectrogram(y=sound, sr=22050, n_mels=256, **frames)
        levels = librosa.power_to_db(mel, ref=numpy.max, top_db=80)
        return numpy.floor(numpy.clip((levels + 80) * 255 / 80, 0, 255) + 0.5)

    def inverse():
        return librosa.util.nnls(bands, power)

    def griffin_lim():
        return librosa.griffinlim(given["input.magnitudes"][0], n_iter=32, init=None, length=SAMPLES, **frames)

    def differing(answer):
        return float((answer != given["answer.bytes"][0]).sum())

    def residual(answer):
        return float(numpy.linalg.norm(bands @ answer - power) / numpy.linalg.norm(power))

    def convergence(answer):
        found = numpy.abs(librosa.stft(answer, **frames))
        magnitudes = given["input.magnitudes"][0]
        return float(numpy.linalg.norm(found - magnitudes) / numpy.linalg.norm(magnitudes))

    return {"bytes": (as_bytes, differing), "inverse": (inverse, residual), "griffin_lim": (griffin_lim, convergence)}


def peer(part, problem):
    work, compared = works(tensors_of(problem))[part]
    print(json.dumps({"ready": True, "compared": compared(work())}), flush=True)
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line.split()[1])):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"seconds": seconds, "memory": 0}), flush=True)


def main():
    import side

    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("| | steer, s | librosa, s | times | compared |\n|---|---|---|---|---|")
    for part, rounds in PARTS.items():
        with tempfile.TemporaryDirectory() as folder:
            problem = os.path.join(folder, "problem.safetensors")
            ours = side.steer("sound", {"part": part, "samples": SAMPLES, "threads": 1}, problem)
            theirs = side.Side([sys.argv[1], __file__, "--peer", part, problem], ONE_THREAD)
            sides = (ours, theirs)
            for each in sides:
                each.warm()
            for turn in range(rounds):
                for each in sides if turn % 2 else sides[::-1]:
                    each.run(3 if part == "bytes" else 1)
            told = {n: a for n, a in tensors_of(problem).items() if n.startswith("answer")}
            answers = [float(a.ravel()[0]) for a in told.values() if a.size == 1]
        theirs_compared = theirs.ready["compared"]
        differing, beside = f"{theirs_compared:.0f} bytes differ", [f"{one:.3g}" for one in (*answers, theirs_compared)]
        compared = differing if part == "bytes" else ", ".join(beside)
        a, b = (statistics.median(each.seconds) for each in sides)
        print(f"| {part} | {a:.5f} | {b:.5f} | {b / a:.1f} | {compared} |", flush=True)
        for each in sides:
            each.close()


if __name__ == "__main__":
    peer(*sys.argv[2:]) if sys.argv[1:2] == ["--peer"] else main()
