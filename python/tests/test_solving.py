"""Denoisers of Python in the library's solvers."""

from __future__ import annotations

import pytest
import torch

import steer

MEAN, STD = 0.2, 0.5


def gaussian(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """The exact denoiser of data N(MEAN, STD^2)."""
    s2 = sigma.reshape(-1, *[1] * (x.dim() - 1)) ** 2
    return (STD**2 * x + s2 * MEAN) / (STD**2 + s2)


@pytest.mark.parametrize("solver", sorted(set(steer.names()["solvers"]) - {"predictor_corrector"}))
def test_every_solver_draws_a_gaussian(solver: str) -> None:
    denoiser = steer.denoiser(gaussian, dtype=torch.float64)
    found = steer.solve(denoiser, (1, 4, 4), seeds=range(200), solver=solver, steps=40)
    assert abs(found.x.mean() - MEAN) < 0.05 and abs(found.x.std() - STD) < 0.1
    assert found.sigma == 0 and found.evaluations > 0


def test_posterior_of_a_linear_objective() -> None:
    noise = 0.2
    known = torch.full((1, 4, 4), 0.9)
    mask = torch.zeros(4, 4)
    mask[:, :2] = 1
    found = steer.solve(
        steer.denoiser(gaussian), (1, 4, 4), seeds=range(300), steps=60,
        objective=steer.inpaint(known, mask=mask, noise=noise), guidance="pigdm",
    )  # fmt: skip
    right = found.x[..., 2:].mean()
    wanted = (MEAN / STD**2 + 0.9 / noise**2) / (1 / STD**2 + 1 / noise**2)
    assert abs(right - wanted) < 0.1 and abs(found.x[..., :2].mean() - MEAN) < 0.1


def test_sigmas_and_watch() -> None:
    seen = []
    grid = torch.tensor([10.0, 3.0, 1.0, 0.3, 0.0])
    found = steer.solve(
        steer.denoiser(gaussian),
        (2,),
        seeds=[1, 2],
        levels=grid,
        watch=lambda m: seen.append(m.sigma) or m.index < 1,
    )
    assert found.stopped and len(seen) == 2 and seen[0] == 3.0


def test_models_are_denoisers(flow: steer.Diffusion) -> None:
    denoiser = flow.denoiser()
    x = torch.randn(2, *flow.shape, requires_grad=True)
    x0 = denoiser(x, 0.5)
    assert x0.shape == x.shape and torch.autograd.grad(x0.sum(), x)[0].abs().sum() > 0


def test_answers_are_checked() -> None:
    for function, said in ((lambda x, s: None, "torch.Tensor"), (lambda x, s: x[:, :1], "expected x0")):
        with pytest.raises((steer.Error, TypeError), match=said):
            steer.solve(steer.denoiser(function), (3, 4, 4), seeds=[0], steps=3)
    with pytest.raises(steer.Error, match="karras"):
        steer.solve(steer.denoiser(gaussian), (3, 4, 4), seeds=[0], levels="karas")
