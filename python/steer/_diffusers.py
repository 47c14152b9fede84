"""Networks of the diffusers library, or what looks like them, as denoisers of ours."""

from __future__ import annotations

from typing import Any

import torch

from steer import _steer

_PREDICTIONS = {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}


def from_diffusers(
    unet_or_pipe: Any, scheduler: Any = None, label: int | torch.Tensor | None = None
) -> _steer.Denoiser:
    """A denoiser out of a diffusers pipeline, or of a U-Net and its scheduler.

    The U-Net is called as unet(x, t).sample, with class_labels where a label (a class, or int64 [B]) is
    given; the scheduler gives its alphas_cumprod and config.prediction_type (epsilon, sample or
    v_prediction), or is one of flow matching. The U-Net is called as it is: eval() is yours to call.
    steer.Error for other schedulers.
    """
    unet = getattr(unet_or_pipe, "unet", unet_or_pipe)
    if scheduler is None:
        scheduler = getattr(unet_or_pipe, "scheduler", None)
    if scheduler is None:
        raise TypeError("[from_diffusers] expected a pipeline, or a scheduler beside the U-Net")

    def network(x: torch.Tensor, t: torch.Tensor) -> Any:
        if label is None:
            return unet(x, t)
        return unet(x, t, class_labels=torch.as_tensor(label, device=x.device).expand(x.shape[0]))

    config = scheduler.config
    name = type(scheduler).__name__
    if name.startswith("FlowMatch"):
        steps = int(config.get("num_train_timesteps", 1000))
        return _steer.from_network(network, "velocity", {"type": "flow", "steps": steps + 1})
    table = getattr(scheduler, "alphas_cumprod", None)
    if table is None:
        raise _steer.Error(
            f"[from_diffusers] {name}: expected a scheduler of alphas_cumprod or flow matching"
        )
    prediction = str(config.get("prediction_type", "epsilon"))
    if prediction not in _PREDICTIONS:
        raise _steer.Error(
            f"[from_diffusers] prediction_type: expected {', '.join(_PREDICTIONS)} but got {prediction}"
        )
    return _steer.from_network(network, _PREDICTIONS[prediction], "ddpm", table)
