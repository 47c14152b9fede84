"""One training step of a U-Net that learns a flow (Lipman et al. 2023): loss, gradients, Adam, averaged weights."""

import torch

import ddn
import denoising

ENTRIES = 1000  # the label of pure noise is one less


class Work:
    def __init__(self, options, problem):
        self.x, self.noise, sigma = (problem["input." + name] for name in ("x", "noise", "sigma"))
        self.time = (sigma / (1 + sigma)).float()
        self.network = denoising.UNet(options["model"]["unet"], self.x.shape[1])
        ddn.load(self.network, problem)
        self.items, self.half_life = len(self.x), options.get("ema_half_life_images", 0)
        self.layout = torch.contiguous_format

    def prepare(self, channels_last, bfloat16):
        if channels_last:
            self.layout = torch.channels_last
            self.network = self.network.to(memory_format=torch.channels_last)
        self.weights = list(self.network.parameters())
        self.adam = torch.optim.Adam(self.weights, lr=1e-4, fused=True)
        self.average = [w.detach().clone() for w in self.weights] if self.half_life else []

    def loss(self, noise, time):
        t = time[:, None, None, None]
        noisy = ((1 - t) * self.x + t * noise).contiguous(memory_format=self.layout)
        return (self.network(noisy, (ENTRIES - 1) * time) - (noise - self.x)).square().mean()

    def run(self):
        loss = self.loss(torch.randn_like(self.x), torch.rand(self.items))
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            if self.average:
                torch._foreach_lerp_(self.average, self.weights, 1 - 0.5 ** (self.items / self.half_life))
        return loss.item()

    def answers(self):
        loss = self.loss(self.noise, self.time)
        loss.backward()
        answers = {"loss": loss.detach()}
        for name, weight in self.network.named_parameters():
            answers["gradient." + name] = weight.grad
        return answers
