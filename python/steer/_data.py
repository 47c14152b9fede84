"""Training on data of Python's own kinds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from steer import _steer


def _as_tensors(batches: Iterable[Any]) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """All of an iterable of x or (x, label), batches or single samples alike, as tensors."""
    xs, labels = [], []
    for item in batches:
        x, label = item if isinstance(item, (tuple, list)) else (item, None)
        single = not isinstance(label, torch.Tensor) or label.dim() == 0
        if label is None:
            xs.append(x)
            continue
        xs.append(x.unsqueeze(0) if single else x)
        labels.append(torch.as_tensor(label).reshape(-1))
    if labels:
        return torch.cat(xs), torch.cat(labels)
    return torch.cat(xs)


def train(
    model: _steer.Model,
    data: Any,
    out: str | os.PathLike[str],
    *,
    minutes: float | None = None,
    images: int | None = None,
    options: Mapping[str, Any] | None = None,
    resume: bool = False,
    watch: Callable[[_steer.Moment], bool | None] | bool | None = None,
    group: Any = None,
) -> dict[str, Any]:
    """Trains a model into a run folder, as `steer train` does.

    data: a path or word; a tensor x [N, ...] or (x, label); a data set with __len__ and __getitem__; or any
    other iterable of x or (x, label), single samples with labels or batches, which is read whole first.
    minutes, images: the budget. options: {"train": {...}, "data": {...}} as a configuration file. resume:
    goes on where the folder's checkpoint stands. watch: called after every step; False, Ctrl-C and
    exceptions end it with a checkpoint written. group: a process group of torch.distributed whose processes
    train one model, each on its share of every batch of the same data; the first alone reads and writes the
    folder, and all end where one does.

    Gives images, steps, seconds, interrupted and the last figures; the model then has the averaged weights
    that the folder holds. steer.Error, naming the option, for what does not go together.
    """
    lasting = isinstance(data, (str, os.PathLike, torch.Tensor, tuple)) or (
        hasattr(data, "__len__") and hasattr(data, "__getitem__")
    )
    if not lasting and isinstance(data, Iterable):
        data = _as_tensors(data)
    result: dict[str, Any] = _steer.train(
        model,
        data,
        out,
        minutes=minutes,
        images=images,
        options=dict(options or {}),
        resume=resume,
        watch=watch,
        group=group,
    )
    return result
