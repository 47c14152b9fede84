"""One DDN layer: all candidates, the nearest, its image and leak, gradients, counts."""

import torch
from torch.nn import functional as F

import ddn


class Work:
    def __init__(self, options, problem):
        given = lambda name: problem["input." + name]
        self.h = given("features").requires_grad_()
        self.previous, self.target, self.pull = given("previous"), given("target"), given("pull")
        weight, self.chosen = problem["weight.nodes"], problem["input.index"]
        self.nodes = ddn.Nodes(self.h.shape[1], weight.shape[1], weight.shape[0], True)
        with torch.no_grad():
            self.nodes.multi_out_conv1x1.weight.copy_(weight.flatten(0, 1)[:, :, None, None])
        self.items = self.h.shape[0]

    def prepare(self, channels_last, bfloat16):
        kind = torch.bfloat16 if bfloat16 else torch.float32
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.h = self.h.detach().to(kind).contiguous(memory_format=layout).requires_grad_()
        self.nodes = self.nodes.to(memory_format=layout)

    def run(self):
        self.step()
        self.h.grad = self.loss = None
        self.nodes.zero_grad(set_to_none=True)

    def compile(self):
        self.forward = torch.compile(self.forward, dynamic=False)

    def forward(self, h, choose=None):
        index, image, leak = self.nodes(h, self.previous, choose or ddn.least(ddn.to_target(self.target)))
        return index, F.mse_loss(image, self.target) + (leak * self.pull).sum()

    def step(self, choose=None):
        self.index, self.loss = self.forward(self.h, choose)
        self.loss.backward()
        self.nodes.counts.index_add_(0, self.index, torch.ones(len(self.index), dtype=torch.float64))

    def answers(self):
        choose = ddn.Retraced(ddn.to_target(self.target), self.chosen[:, None])
        self.step(choose)
        self.nodes.counts.zero_()
        return {
            "excess": choose.excess,
            "loss": self.loss.detach(),
            "features_gradient": self.h.grad,
            "nodes_gradient": self.nodes.multi_out_conv1x1.weight.grad,
        }
