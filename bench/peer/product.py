"""A square matrix product."""

import torch


class Work:
    items = 1

    def __init__(self, options, problem):
        kind = getattr(torch, options["precision"])
        torch.manual_seed(1)
        self.a = torch.randn(options["size"], options["size"]).to(kind)
        self.b = torch.randn(options["size"], options["size"]).to(kind)

    def prepare(self, channels_last, bfloat16):
        pass

    def run(self):
        self.a @ self.b

    def answers(self):
        return {}
