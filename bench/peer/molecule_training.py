"""One training step of an equivariant diffusion of molecules: loss, gradients, Adam, averaged weights; or one
evaluation, of which samples take many.
"""

import torch

import ddn
import egnn

SIGMA = 0.4


class Work:
    def __init__(self, options, problem):
        model = options["model"]
        self.sigma_data, noise = model["process"]["sigma_data"], model.get("noise", {})
        self.mean, self.std = noise.get("mean", -1.2), noise.get("std", 1.2)
        x = problem["input.x"]
        self.unit = torch.tensor([1.0] * 3 + [model["egnn"].get("type_scale", 4.0)] * (x.shape[2] - 3))
        self.there = (x != 0).any(2, keepdim=True).float()
        self.pairs = egnn.all_pairs(self.there)
        self.x = x / self.unit
        self.given = {name: problem["input." + name] for name in ("noise", "sigma", "noisy")}
        self.network = egnn.Egnn(model["egnn"])
        ddn.load(self.network, problem)
        self.items = len(x)
        self.half_life = options.get("ema_half_life_images", 0)
        self.evaluates = options.get("part") == "evaluation"

    def prepare(self, channels_last, bfloat16):
        self.weights = list(self.network.parameters())
        self.adam = torch.optim.Adam(self.weights, lr=1e-4, fused=True)
        self.average = [w.detach().clone() for w in self.weights] if self.half_life else []

    def factors(self, sigma):
        """skip, out, in and label of Karras et al. 2022, for sigma [B, 1, 1]."""
        square, sd = sigma**2 + self.sigma_data**2, self.sigma_data
        return sd**2 / square, sigma * sd / square.sqrt(), 1 / square.sqrt(), (sigma.log() / 4).flatten()

    def predicted(self, input, label):
        return self.network(input, label, self.there, self.pairs)

    def drawn(self):
        """Noise without a mean, and levels."""
        noise = torch.randn_like(self.x) * self.there
        noise = torch.cat([egnn.centred(noise[..., :3], self.there), noise[..., 3:]], 2)
        return noise, (self.mean + self.std * torch.randn(len(self.x))).exp()

    def loss(self, noise, sigma):
        sigma = sigma[:, None, None]
        skip, out, scale, label = self.factors(sigma)
        f = self.predicted((scale * (self.x + sigma * noise)), label)
        target = (self.x - skip * (self.x + sigma * noise)) / out
        return (f - target).square().mean()

    def denoised(self, noisy):
        skip, out, scale, label = self.factors(torch.full((self.items, 1, 1), SIGMA))
        return (skip * noisy + out * self.predicted(scale * noisy, label)) * self.unit

    def run(self):
        if self.evaluates:
            with torch.no_grad():
                return self.denoised(self.x)
        loss = self.loss(*self.drawn())
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            if self.average:
                torch._foreach_lerp_(self.average, self.weights, 1 - 0.5 ** (self.items / self.half_life))
        return loss.item()

    def answers(self):
        loss = self.loss(self.given["noise"], self.given["sigma"].float())
        loss.backward()
        answers = {"loss": loss.detach()}
        for name, weight in self.network.named_parameters():
            answers[name.replace(".", "/")] = weight.grad
        with torch.no_grad():
            answers["x0"] = self.denoised(self.given["noisy"] / self.unit)
        return answers
