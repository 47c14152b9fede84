"""Samplers that both sides have: the whole way from the same noise, level by level."""
import importlib

import diffusers
import torch

from networks import SMALL, made, saved

STEPS = 20


class Row:
    """A scheduler with its options, and the sampler of steer that must go the same way.

    `space` tells what the library's samples are of xbar = y + sigma n: xt = xbar / sqrt(1 + sigma^2), xbar, or
    flow = xbar / (1 + sigma). `own_grid` says that steer makes the levels itself; `blind` that the network is
    not told the time, where the library rounds it. `keep` names the states of the library that are compared.
    """

    def __init__(self, what, scheduler, options, sampler, space="xt", steps=STEPS, step=None, own_grid=True,
                 blind=False, keep=None, settings=None):
        self.what, self.scheduler, self.options, self.sampler = what, scheduler, options, sampler
        self.space, self.steps, self.step, self.own_grid = space, steps, step or {}, own_grid
        self.blind, self.keep, self.settings = blind, keep, settings


def levels(kind, steps=STEPS, **more):
    return {"type": kind, "steps": steps, **more}


def solver(name, **more):
    return {"name": name, **more}


TRAILING = levels("ddpm_trailing")
HELD = {"clip_x0": True, "keep_eps": True}
SAMPLE = dict(prediction_type="sample")
V = dict(prediction_type="v_prediction")
# 999 is 27 times 37: so many steps, both ends among them, stand on entries of the table.
EVEN = 28
LINSPACE = levels("ddpm_even", EVEN)

ROWS = [
    Row("DDPM, small variance, leading", "DDPMScheduler", {}, [solver("ddpm", clip_x0=True), levels("ddpm_leading")]),
    Row("DDPM, large variance, no clipping, v", "DDPMScheduler",
        dict(variance_type="fixed_large", clip_sample=False, **V),
        [solver("ddpm", variance="large"), levels("ddpm_leading")]),
    Row("DDPM, trailing, clipped at 2", "DDPMScheduler", dict(timestep_spacing="trailing", clip_sample_range=2.0),
        [solver("ddpm", clip_x0=True, clip_range=2), TRAILING]),
    Row("DDPM, squared cosines, x0", "DDPMScheduler", dict(beta_schedule="squaredcos_cap_v2", **SAMPLE),
        [solver("ddpm", clip_x0=True), levels("ddpm_leading")]),
    Row("DDIM, no clipping, leading, offset 1", "DDIMScheduler", dict(clip_sample=False, steps_offset=1),
        [solver("ddim"), levels("ddpm_leading", offset=1)]),
    Row("DDIM, clipped, the network's noise", "DDIMScheduler", dict(timestep_spacing="trailing"),
        [solver("ddim", **HELD), TRAILING]),
    Row("DDIM, clipped at 2, the network's noise", "DDIMScheduler",
        dict(timestep_spacing="trailing", clip_sample_range=2.0), [solver("ddim", clip_range=2, **HELD), TRAILING]),
    Row("DDIM, clipped, use_clipped_model_output", "DDIMScheduler", dict(timestep_spacing="trailing"),
        [solver("ddim", clip_x0=True), TRAILING], step=dict(use_clipped_model_output=True)),
    Row("DDIM, eta 1/2, v", "DDIMScheduler", dict(timestep_spacing="trailing", clip_sample=False, **V),
        [solver("ddim", eta=0.5), TRAILING], step=dict(eta=0.5)),
    Row("DDIM, squared cosines, v", "DDIMScheduler",
        dict(timestep_spacing="trailing", clip_sample=False, beta_schedule="squaredcos_cap_v2", **V),
        [solver("ddim"), TRAILING]),
    Row("DPMSolverMultistep, order 1", "DPMSolverMultistepScheduler",
        dict(solver_order=1, timestep_spacing="trailing"), [solver("ddim"), TRAILING]),
    Row("DPMSolverMultistep, order 2", "DPMSolverMultistepScheduler", dict(timestep_spacing="trailing"),
        [solver("dpmpp_2m"), TRAILING]),
    Row("DPMSolverMultistep, order 2, linspace, v", "DPMSolverMultistepScheduler", V, [solver("dpmpp_2m"), None],
        own_grid=False),
    Row("DPMSolverMultistep, order 2, karras, blind", "DPMSolverMultistepScheduler", dict(use_karras_sigmas=True),
        [solver("dpmpp_2m"), levels("karras")], blind=True),
    Row("DPMSolverMultistep, order 3, solver_type heun", "DPMSolverMultistepScheduler",
        dict(solver_order=3, solver_type="heun", timestep_spacing="trailing"),
        [solver("dpmpp_3m_sde", eta=0), TRAILING]),
    Row("DPMSolverMultistep, sde, order 2", "DPMSolverMultistepScheduler",
        dict(algorithm_type="sde-dpmsolver++", timestep_spacing="trailing"), [solver("dpmpp_2m_sde"), TRAILING]),
    Row("DPMSolverSinglestep, order 2, exponential, blind", "DPMSolverSinglestepScheduler",
        dict(use_exponential_sigmas=True, lower_order_final=True), [solver("dpmpp_2s"), None], own_grid=False,
        blind=True, keep=range(0, STEPS, 2)),
    *[Row(f"UniPCMultistep, order {order}", "UniPCMultistepScheduler",
          dict(solver_order=order, timestep_spacing="trailing"), [solver("unipc", order=order), TRAILING])
      for order in (1, 2, 3)],
    Row("UniPCMultistep, order 3, karras, v, blind", "UniPCMultistepScheduler",
        dict(solver_order=3, use_karras_sigmas=True, **V), [solver("unipc"), levels("karras")], blind=True),
    *[Row(f"DEISMultistep, order {order}", "DEISMultistepScheduler",
          dict(solver_order=order, timestep_spacing="trailing"), [solver("deis", order=order), TRAILING])
      for order in (1, 2, 3)],
    Row("EulerDiscrete, linspace", "EulerDiscreteScheduler", {}, [solver("euler"), LINSPACE], "xbar", EVEN),
    Row("EulerDiscrete, karras", "EulerDiscreteScheduler", dict(use_karras_sigmas=True),
        [solver("euler"), levels("karras")], "xbar"),
    Row("EulerDiscrete, continuous, v", "EulerDiscreteScheduler",
        dict(timestep_type="continuous", use_karras_sigmas=True, **V), [solver("euler"), levels("karras")], "xbar"),
    Row("EulerAncestralDiscrete", "EulerAncestralDiscreteScheduler", {}, [solver("euler_ancestral"), LINSPACE],
        "xbar", EVEN),
    Row("HeunDiscrete, linspace", "HeunDiscreteScheduler", {}, [solver("heun"), LINSPACE], "xbar", EVEN),
    Row("HeunDiscrete, karras, clipped, v", "HeunDiscreteScheduler",
        dict(use_karras_sigmas=True, clip_sample=True, **V), [solver("heun", clip_x0=True), levels("karras")], "xbar"),
    Row("LMSDiscrete, order 4", "LMSDiscreteScheduler", {}, [solver("lms"), LINSPACE], "xbar", EVEN),
    Row("EDMEuler", "EDMEulerScheduler", {}, [solver("euler"), levels("karras")], "xbar"),
    Row("EDMDPMSolverMultistep, order 2", "EDMDPMSolverMultistepScheduler", {},
        [solver("dpmpp_2m"), levels("karras")], "xbar"),
    Row("EDMDPMSolverMultistep, sde, order 2", "EDMDPMSolverMultistepScheduler",
        dict(algorithm_type="sde-dpmsolver++"), [solver("dpmpp_2m_sde"), levels("karras")], "xbar"),
    Row("FlowMatchEulerDiscrete", "FlowMatchEulerDiscreteScheduler", {}, [solver("euler"), None], "flow",
        own_grid=False, settings=lambda: dict(sigmas=[0.98 * (1 - i / STEPS) for i in range(STEPS)])),
    Row("FlowMatchEulerDiscrete, shift 3", "FlowMatchEulerDiscreteScheduler", dict(shift=3.0),
        [solver("euler"), None], "flow", own_grid=False,
        settings=lambda: dict(sigmas=[0.98 * (1 - i / STEPS) for i in range(STEPS)])),
]

# Where the two go different ways, and why; they must differ, so that a change of either is seen.
DIFFERENT = [
    (Row("DPMSolverMultistep, order 3, solver_type midpoint", "DPMSolverMultistepScheduler",
         dict(solver_order=3, timestep_spacing="trailing"), [solver("dpmpp_3m_sde", eta=0), TRAILING]),
     "the library makes its second step by the midpoint rule, steer by the linear term of the third order"),
    (Row("DPMSolverMultistep, sde, order 3", "DPMSolverMultistepScheduler",
         dict(algorithm_type="sde-dpmsolver++", solver_type="heun", solver_order=3, timestep_spacing="trailing"),
         [solver("dpmpp_3m_sde"), TRAILING]),
     "the library has the half in the factor of the second difference with the other sign than its order 3 "
     "without noise"),
    (Row("DPMSolverMultistep, order 2, karras", "DPMSolverMultistepScheduler", dict(use_karras_sigmas=True),
         [solver("dpmpp_2m"), levels("karras")]),
     "the library rounds the times that the network is told"),
    (Row("DDIM, linspace", "DDIMScheduler", dict(clip_sample=False, timestep_spacing="linspace"),
         [solver("ddim"), LINSPACE], steps=EVEN),
     "the library steps 1000 // n indices down, which is not the distance of its levels"),
]


def network_of(row):
    network = made(SMALL, 5)
    with torch.no_grad():
        network.conv_out.weight.mul_(0.3)  # answers of about 1, as those of a trained network
        if row.blind:
            network.time_embedding.linear_2.weight.zero_()
    return network


def sigmas_of(scheduler, row):
    """The levels of the library as noise of xbar, float64, the last one 0."""
    if row.space == "flow":
        t = scheduler.sigmas.double()
        return t / (1 - t)
    if hasattr(scheduler, "sigmas") and not isinstance(scheduler, (diffusers.DDIMScheduler, diffusers.DDPMScheduler)):
        sigmas = scheduler.sigmas.double()
        if isinstance(scheduler, diffusers.HeunDiscreteScheduler):  # which lists those between the ends twice
            sigmas = torch.cat([sigmas[:1], sigmas[1:-1:2], sigmas[-1:]])
        return sigmas
    kept = scheduler.alphas_cumprod.double()[scheduler.timesteps.long()]
    return torch.cat([((1 - kept) / kept).sqrt(), torch.zeros(1, dtype=torch.float64)])


def theirs_per_xbar(row, sigma):
    """What a sample of the library is of xbar."""
    return {"xt": 1 / (1 + sigma**2) ** 0.5, "xbar": 1.0, "flow": 1 / (1 + sigma)}[row.space]


def their_way(row, scheduler, network, start, noise):
    """The library's states behind each level, as xbar."""
    module = importlib.import_module(type(scheduler).__module__)
    drawn = iter(noise)
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = lambda shape, **_: next(drawn)
    sigmas = sigmas_of(scheduler, row)
    x = (start * sigmas[0] * theirs_per_xbar(row, sigmas[0].item())).float()
    heun = isinstance(scheduler, diffusers.HeunDiscreteScheduler)
    states, calls = [start * sigmas[0]], 0
    with torch.no_grad():
        for t in scheduler.timesteps:
            seen = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
            x = scheduler.step(network(seen, t).sample, t, x, **row.step).prev_sample
            calls += 1
            if heun and calls % 2 == 1 and calls < len(scheduler.timesteps):
                continue
            at = sigmas[len(states)].item()
            states.append(x.double() / theirs_per_xbar(row, at))
    return sigmas, states


def compared(steer, row):
    """Largest differences over the way and at its end, both in the size of x_t, and the largest sample."""
    network = network_of(row)
    scheduler = getattr(diffusers, row.scheduler)(**row.options)
    folder = saved(steer, network, scheduler)
    torch.manual_seed(3)
    start = torch.randn(2, 3, 8, 8)
    noise = [torch.randn(2, 3, 8, 8) for _ in range(row.steps + 1)]
    settings = row.settings() if row.settings else dict(num_inference_steps=row.steps)
    scheduler.set_timesteps(**settings)
    sigmas, states = their_way(row, scheduler, network, start.double(), noise)
    kept = list(row.keep or range(len(states)))
    given = {"start": start, **{f"noise.{i}": draw for i, draw in enumerate(noise)}}
    if not row.own_grid:
        given["levels"] = sigmas[kept].contiguous()
    sampler = {"solver": row.sampler[0]}
    if row.sampler[1]:
        sampler["levels"] = row.sampler[1]
    ours = steer.way(folder, sampler, given)
    assert len(ours["levels"]) == len(kept), "another number of levels"
    differences = [0.0]
    for i, at in enumerate(kept[1:], 1):
        size = (1 + sigmas[at].item() ** 2) ** 0.5
        differences.append((ours[f"x.{i}"] - states[at]).abs().max().item() / size)
    return max(differences), differences[-1], states[kept[-1]].abs().max().item()
