"""Texts drawn block after block by masked diffusion: the plain loop, which asks for all tokens so far at every step."""

import torch

import transformer


class Work:
    def __init__(self, options, problem):
        self.network = transformer.build(options, problem)
        self.token, model = problem["input.token"], options["model"]
        self.block, self.steps = model["block"], model["sampler"]["steps"]
        self.items = self.token.numel()
        place = torch.arange(self.token.shape[1]) // self.block
        self.mask = place[None, :] <= place[:, None]

    def prepare(self, channels_last, bfloat16):
        pass

    def log_p(self, token):
        T = token.shape[1]
        logits = self.network(token, mask=self.mask[:T, :T])[:, -self.block:]
        return logits.float().log_softmax(-1)

    @torch.no_grad()
    def run(self):
        B, T = self.token.shape
        hidden = self.network.table.shape[0] - 1
        token = torch.empty(B, 0, dtype=torch.int64)
        for _ in range(T // self.block):
            token = torch.cat([token, torch.full((B, self.block), hidden)], 1)
            for step in range(self.steps):
                t, s = 1 - step / self.steps, 1 - (step + 1) / self.steps
                p = self.log_p(token).double().exp()
                drawn = torch.multinomial(p.flatten(0, 1), 1).view(B, self.block)
                now = token[:, -self.block:]
                shown = (now == hidden) & (torch.rand(B, self.block) < (t - s) / t)
                token[:, -self.block:] = torch.where(shown, drawn, now)
        return token.sum().item()

    @torch.no_grad()
    def answers(self):
        return {"log_p": self.log_p(self.token)}
