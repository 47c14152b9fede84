#!/usr/bin/env python3
"""Prints the numbers of librosa and scipy that the tests of steer/sound/ hold.

Needs librosa (0.11.0 made those that are there) and scipy. The signal is that of golden_sound() in
steer/sound/test_signals.h.

    python3 -m venv env && env/bin/pip install librosa && env/bin/python tools/sound_goldens.py
"""
import librosa
import numpy
import scipy.optimize

RATE, WINDOW, HOP, BANDS = 8000, 512, 128, 48


def noise(count):
    """Numbers in [-1, 1): the upper 24 bits of a linear congruential generator."""
    state, values = 1, numpy.empty(count)
    for i in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        values[i] = ((state >> 40) - 2**23) / 2**23
    return values


def golden_sound(count, rate):
    t = numpy.arange(count) / rate
    low, high = numpy.sin(2 * numpy.pi * 220 * t), numpy.exp(-3 * t) * numpy.sin(2 * numpy.pi * 1234 * t)
    return (0.3 * low + 0.2 * high + 0.05 * noise(count)).astype(numpy.float32)


def show(name, values):
    print(f"{name}: {{{', '.join(format(float(v), '.8g') for v in numpy.ravel(values))}}}")


def spectra(sound):
    for padding in "reflect", "constant":
        s = librosa.stft(sound, n_fft=WINDOW, hop_length=HOP, pad_mode=padding)
        numbers = s[[0, 14, 79, 256], [0, 0, 3, 32]]
        show(f"stft {padding}", numpy.stack([numbers.real, numbers.imag], 1))


def bands(sound):
    wide = librosa.filters.mel(sr=22050, n_fft=2048, n_mels=256)
    show("filters", [wide[0, 1], wide[0, 2], wide[100, 128], wide[255, 1018], wide.sum()])
    mels = librosa.feature.melspectrogram(y=sound, sr=RATE, n_fft=WINDOW, hop_length=HOP, n_mels=BANDS,
                                          pad_mode="reflect")
    show("mel power", mels[[0, 5, 6, 25, 47], [0, 3, 16, 16, 32]])
    levels = librosa.power_to_db(mels, ref=numpy.max, top_db=80)
    levels = numpy.clip((levels + 80) * 255 / 80, 0, 255)
    as_bytes = numpy.floor(levels + 0.5)
    show("bytes", [*as_bytes[::6, 16], as_bytes.sum()])
    return as_bytes


def nonnegative(as_bytes):
    power = librosa.db_to_power(as_bytes * 80 / 255 - 80)
    filters = librosa.filters.mel(sr=RATE, n_fft=WINDOW, n_mels=BANDS, dtype=numpy.float64)
    power[::2] *= 0.01  # few of such bands are those of a spectrum
    show("nnls residuals", [scipy.optimize.nnls(filters, power[:, t])[1] for t in (0, 9, 16, 32)])
    show("librosa's nnls", numpy.linalg.norm(filters @ librosa.util.nnls(filters, power) - power))


def phases(sound):
    magnitudes = numpy.abs(librosa.stft(sound, n_fft=WINDOW, hop_length=HOP))
    for momentum in 0, 0.99:
        made = librosa.griffinlim(magnitudes, n_iter=4, hop_length=HOP, n_fft=WINDOW, init=None,
                                  momentum=momentum)
        show(f"griffin_lim {momentum}", made[[0, 100, 1000, 2000, 4000]])


def coefficients(sound):
    small = librosa.feature.mfcc(y=sound, sr=RATE, n_fft=WINDOW, hop_length=HOP, n_mels=40)
    show("mfcc", small[:, 10])
    show("mfcc by default", librosa.feature.mfcc(y=golden_sound(8192, 22050), sr=22050)[:6, 7])


def warping():
    numbers = noise(3 * 45)
    x, y = numbers[:60].reshape(3, 20), numbers[60:].reshape(3, 25)
    costs, path = librosa.sequence.dtw(x, y)
    show("dtw", costs[-1, -1])
    print(path[::-1].tolist())


def main():
    sound = golden_sound(4096, RATE)
    spectra(sound)
    nonnegative(bands(sound))
    phases(sound)
    coefficients(sound)
    warping()


if __name__ == "__main__":
    main()
