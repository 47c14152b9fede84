"""Sums over the processes of a group of torch.distributed, for learners that train one model together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist


def place_in(group: Any) -> tuple[int, int]:
    """The rank of this process in a group, and how many there are. ValueError for one that is not in it."""
    rank = dist.get_rank(group)
    if rank < 0:
        raise ValueError("[group] expected a process group that this process is in")
    return rank, dist.get_world_size(group)


def _flat_by_type(tensors: Sequence[torch.Tensor]) -> list[tuple[list[torch.Tensor], torch.Tensor]]:
    """Tensors of one type and device each as one vector, so that few messages are sent."""
    alike: dict[Any, list[torch.Tensor]] = defaultdict(list)
    for tensor in tensors:
        alike[tensor.dtype, tensor.device].append(tensor)
    return [(some, torch.cat([one.reshape(-1) for one in some])) for some in alike.values()]


def _give_back(some: Sequence[torch.Tensor], flat: torch.Tensor) -> None:
    at = 0
    for one in some:
        one.copy_(flat[at : at + one.numel()].view_as(one))
        at += one.numel()


def sum_over(tensors: Sequence[torch.Tensor], group: Any) -> None:
    """Puts the sum over all processes into each tensor, in place."""
    with torch.no_grad():
        for some, flat in _flat_by_type(tensors):
            dist.all_reduce(flat, group=group)
            _give_back(some, flat)


def take_of_first(tensors: Sequence[torch.Tensor], group: Any) -> None:
    """Gives all processes the values that the first has, in place."""
    with torch.no_grad():
        for some, flat in _flat_by_type(tensors):
            dist.broadcast(flat, src=dist.get_global_rank(group, 0), group=group)
            _give_back(some, flat)
