"""Images from a DDN: codes decoded, or candidates chosen by their likeness to a small image."""

import torch

import ddn


class Work:
    def __init__(self, options, problem):
        self.network = ddn.build(options["model"])
        ddn.load(self.network, problem)
        self.code, self.low = problem.get("input.code"), problem.get("input.low")
        self.chosen = problem.get("input.chosen")
        self.items = len(self.low if self.code is None else self.code)

    def prepare(self, channels_last, bfloat16):
        if channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def run(self):
        choose = ddn.least(ddn.to_low(self.low)) if self.code is None else ddn.follow(self.code)
        return self.network(self.items, choose)

    @torch.no_grad()
    def answers(self):
        if self.code is not None:
            return {"image": self.run()}
        choose = ddn.Retraced(ddn.to_low(self.low), self.chosen)
        return {"image": self.network(self.items, choose).clamp(-1, 1), "excess": choose.excess}
