"""Trainings on several processes, as ``torchrun`` starts them: each takes its share of every batch, and gradients are
averaged.

Every process draws the whole batch, so that the numbers are those of one process, and keeps every n-th sample of it. A
loss that is a mean over samples then is the same; what is computed over a batch (batch statistics) is not.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from edgeact.errors import ConfigError

Part = TypeVar("Part")
Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class Processes:
    """Which of how many processes this one is; the first one (rank 0) writes and says everything."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes and says what there is to say."""
        return self.rank == 0


def join_processes() -> Processes:
    """Meet the other processes that torchrun started; alone without it."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes()
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return Processes(distributed.get_rank(), distributed.get_world_size())


def shared_loss(
    network: Network, loss: Callable[[Network, Batch], torch.Tensor], processes: Processes
) -> Callable[[Batch], torch.Tensor]:
    """Return a function that computes the loss of a batch; with several processes, its gradients are averaged over them
    (`DistributedDataParallel`).

    Args:
        network: What is trained.
        loss: Of the network and a batch: a scalar.
        processes: How many there are.
    """
    if processes.count == 1:
        return partial(loss, network)
    # A batch may leave branches out of the loss, such as that of the poses: PyTorch finds them from what comes out of
    # what it shares, so that this has to be the loss, not all that the network says.
    return DistributedDataParallel(_Loss(network, loss), find_unused_parameters=True)


class _Loss(nn.Module):
    """Wrap network and loss as one module, which `DistributedDataParallel` needs: batch → scalar."""

    def __init__(self, network: nn.Module, loss: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.network, self.loss = network, loss

    def forward(self, batch: object) -> torch.Tensor:
        return self.loss(self.network, batch)


def own_share(batch: Part, processes: Processes) -> Part:
    """Every n-th sample of a batch, of all its tensors (in tuples, lists, mappings and dataclasses).

    Raises:
        ConfigError: The samples cannot be shared evenly: the mean over processes would be another than over samples.
    """
    if processes.count == 1:
        return batch
    return cast("Part", _share(batch, processes))


def _share(part: Any, processes: Processes) -> Any:
    if isinstance(part, torch.Tensor):
        if len(part) % processes.count:
            raise ConfigError(
                f"a batch of {len(part)} samples cannot be shared by {processes.count} processes; take a multiple"
            )
        return part[processes.rank :: processes.count]
    if isinstance(part, tuple | list):
        return type(part)(_share(each, processes) for each in part)
    if isinstance(part, Mapping):
        return {name: _share(each, processes) for name, each in part.items()}
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{field.name: _share(getattr(part, field.name), processes) for field in fields(part)})
    return part


def mean_of_processes(value: torch.Tensor, processes: Processes) -> torch.Tensor:
    """The mean of a scalar over all processes, without its gradient; not finite where that of one is not."""
    if processes.count == 1:
        return value.detach()
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total / processes.count


def said_by_the_first(value: bool, processes: Processes, device: torch.device) -> bool:
    """What the first process says, on all; every process waits here for it."""
    if processes.count == 1:
        return value
    said = torch.tensor([float(value)], device=device)
    distributed.broadcast(said, src=0)
    return bool(said.item())
