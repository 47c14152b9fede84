"""One training step of a transformer from left to right: loss, gradients, Adam."""

import torch
from torch.nn import functional as F

import transformer


class Work:
    def __init__(self, options, problem):
        self.network = transformer.build(options, problem)
        self.token = problem["input.token"]
        start = torch.full((len(self.token), 1), self.network.table.shape[0] - 1)
        self.shifted = torch.cat([start, self.token[:, :-1]], 1)
        self.items = self.token.numel()

    def prepare(self, channels_last, bfloat16):
        self.adam = torch.optim.Adam(self.network.parameters(), lr=1e-4, fused=True)

    def loss(self):
        logits = self.network(self.shifted, causal=True)
        return F.cross_entropy(logits.flatten(0, 1).float(), self.token.flatten())

    def run(self):
        loss = self.loss()
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        return loss.item()

    def answers(self):
        loss = self.loss()
        loss.backward()
        answers = {"loss": loss.detach()}
        for name, weight in self.network.named_parameters():
            answers["gradient." + name] = weight.grad
        return answers
