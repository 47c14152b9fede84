"""One training step of a DDN: loss, gradients, Adam, averaged weights, counts and split-and-prune."""

import torch
from torch.nn import functional as F

import ddn


class Work:
    def __init__(self, options, problem):
        self.x, self.code = problem["input.x"], problem["input.code"]
        self.network = ddn.build(options["model"])
        ddn.load(self.network, problem)
        self.items = self.x.shape[0]
        self.half_life = options.get("ema_half_life_images", 0)

    def prepare(self, channels_last, bfloat16):
        if channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)
            self.x = self.x.contiguous(memory_format=torch.channels_last)
        self.weights = [p for p in self.network.parameters() if p.requires_grad]
        self.adam = torch.optim.Adam(self.weights, lr=1e-4)
        self.average = [p.detach().clone() for p in self.weights] if self.half_life else []

    def loss(self, choose=None):
        errors, values = [], self.x[0].numel()
        targets = {}

        def target(size):
            if size not in targets:
                targets[size] = F.adaptive_avg_pool2d(self.x, size)
            return targets[size]

        def distance(images):
            return ddn.to_target(target(images.shape[-1]))(images)

        def seen(nodes, index, image):
            errors.append(F.mse_loss(image, target(image.shape[-1])))
            nodes.counts.index_add_(0, index, torch.ones(len(index), dtype=torch.float64))

        if choose:
            choose.distance = distance
        self.network(self.x.shape[0], choose or ddn.least(distance), seen)
        return torch.stack(errors).mean() * values

    def run(self):
        loss = self.loss()
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            for average, weight in zip(self.average, self.weights):
                average.lerp_(weight, 1 - 0.5 ** (self.items / self.half_life))
            for level in self.network.levels():
                self.split(level.ddo)
        return loss.item()

    def split(self, nodes):
        """The busiest node is cloned over the idlest."""
        share = nodes.counts / nodes.counts.sum()
        busy, idle = share.argmax(), share.argmin()
        k, c = nodes.count, nodes.channels
        if share[busy] - share[idle] <= 1 / k and share[idle] >= 1 / (2 * k):
            return
        nodes.counts[busy] /= 2
        nodes.counts[idle] = nodes.counts[busy]
        weight = nodes.multi_out_conv1x1.weight
        state = self.adam.state[weight]
        for tensor in (weight.data, state["exp_avg"], state["exp_avg_sq"]):
            tensor[idle * c : (idle + 1) * c] = tensor[busy * c : (busy + 1) * c]

    def answers(self):
        choose = ddn.Retraced(None, self.code)
        loss = self.loss(choose)
        loss.backward()
        answers = {"excess": choose.excess, "loss": loss.detach()}
        for name, weight in self.network.named_parameters():
            if weight.grad is not None:
                answers["gradient." + name] = weight.grad
        for level in self.network.levels():
            level.ddo.counts.zero_()
        return answers
