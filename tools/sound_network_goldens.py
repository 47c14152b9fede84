#!/usr/bin/env python3
"""Prints the numbers that the tests of steer/sound's pitch and voice networks hold.

Small networks of the same form, built of PyTorch's layers as torchcrepe and resemblyzer build theirs, with
weights that are the noise of tools/sound_goldens.py times a factor. Needs torch.
"""
import torch

CHANNELS = [1, 6, 4, 4, 3, 3, 2]
HIDDEN, VECTOR, BANDS = 8, 6, 40


class Noise:
    """Numbers in [-1, 1): the upper 24 bits of a linear congruential generator, one after the other."""

    def __init__(self):
        self.state = 1

    def __call__(self, *shape):
        values = []
        for _ in range(torch.Size(shape).numel()):
            self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
            values.append(((self.state >> 40) - 2**23) / 2**23)
        return torch.tensor(values).view(shape)


def show(name, values):
    print(f"{name}: {{{', '.join(format(float(v), '.8g') for v in values.flatten())}}}")


def pitch_layers(noise):
    """Convolution, rectifier, batch normalisation, halving; the normalisation with a mean and a variance."""
    layers = []
    for i in range(6):
        width = 512 if i == 0 else 64
        conv = torch.nn.Conv2d(CHANNELS[i], CHANNELS[i + 1], (width, 1), (4 if i == 0 else 1, 1))
        norm = torch.nn.BatchNorm2d(CHANNELS[i + 1], eps=0.0010000000474974513)
        with torch.no_grad():
            conv.weight.copy_(noise(*conv.weight.shape) * 3 / (width * CHANNELS[i]) ** 0.5)
            conv.bias.copy_(noise(CHANNELS[i + 1]) * 0.1)
            norm.weight.copy_(1 + 0.5 * noise(CHANNELS[i + 1]))
            norm.bias.copy_(0.3 * noise(CHANNELS[i + 1]))
            norm.running_mean.copy_(0.3 * noise(CHANNELS[i + 1]))
            norm.running_var.copy_(1 + 0.5 * noise(CHANNELS[i + 1]))
        ends = (0, 0, 254, 254) if i == 0 else (0, 0, 31, 32)
        layers += [torch.nn.ZeroPad2d(ends), conv, torch.nn.ReLU(), norm, torch.nn.MaxPool2d((2, 1), (2, 1))]
    return torch.nn.Sequential(*layers).eval()


def pitch():
    noise = Noise()
    layers = pitch_layers(noise)
    weight, bias = noise(360, 4 * CHANNELS[-1]) * 0.7, noise(360)
    frames = noise(3, 1024) * torch.tensor([[1.0], [1e-3], [20.0]]) + 0.4
    x = frames - frames.mean(1, keepdim=True)
    x = x / x.std(1, keepdim=True)
    with torch.no_grad():
        h = layers(x[:, None, :, None]).permute(0, 2, 1, 3).reshape(3, -1)
        bins = torch.sigmoid(h @ weight.T + bias)
    show("pitch bins", bins[:, [0, 1, 77, 200, 359]])
    show("pitch sum", bins.sum())


def voice():
    noise = Noise()
    lstm = torch.nn.LSTM(BANDS, HIDDEN, 3, batch_first=True)
    linear = torch.nn.Linear(HIDDEN, VECTOR)
    with torch.no_grad():
        for layer in range(3):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                values = getattr(lstm, f"{name}_l{layer}")
                values.copy_(noise(*values.shape))
        linear.weight.copy_(noise(VECTOR, HIDDEN))
        linear.bias.copy_(noise(VECTOR))
        bands = noise(2, 30, BANDS).square()
        _, (state, _) = lstm(bands)
        vectors = torch.relu(linear(state[-1]))
        show("voice", vectors / vectors.norm(dim=1, keepdim=True))


if __name__ == "__main__":
    pitch()
    voice()
