"""What channels are worth, and which of them stay when a network must do with fewer multiplications.

Group sparsity: the penalty of `group_lasso` in the loss draws all weights of a channel to zero together, so that few
channels are left to do the work (Wen et al., "Learning Structured Sparsity in Deep Neural Networks", NIPS 2016; over
everything that a channel stands in, as Fang et al., "DepGraph", CVPR 2023). Worth: the first-order Taylor estimate of
Molchanov et al., "Importance Estimation for Neural Network Pruning", CVPR 2019.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import nn

from edgeact.errors import UsageError
from trainer.compress.axes import Role
from trainer.compress.channels import ChannelGroup, Channels
from trainer.compress.remove import named_tensors

Worth = Mapping[str, torch.Tensor]  # by a group's name: (C,)


def group_lasso(network: nn.Module, groups: Iterable[ChannelGroup]) -> torch.Tensor:
    """Σ over the channels of the Euclidean norm of all that is learnt of a channel: a scalar."""
    parameters, norms = dict(network.named_parameters()), []
    for group in groups:
        parts = [part for part in group.parts if part.tensor in parameters]
        squares = [_sums(parameters[part.tensor].square(), part.axis)[part.places] for part in parts]
        # The root's slope at 0 is infinite: a channel that is gone shall stay so, and not become no number.
        norms.append((torch.stack(squares).sum(0) + 1e-12).sqrt().sum())
    return torch.stack(norms).sum()


def channel_worth(
    network: nn.Module, groups: Sequence[ChannelGroup], losses: Iterable[torch.Tensor], *, by: Role = "reads"
) -> dict[str, torch.Tensor]:
    """First-order Taylor estimate of how much the loss changes when a channel is removed: (gradient · weight)², summed
    over the layers that read the channel, or that write it, and over the batches.

    Args:
        network: That the losses are of.
        groups: Of its channels.
        losses: One scalar a batch, each computed when it is asked for.
        by: ``reads`` counts for all networks. ``writes`` where there is no batch normalisation: behind one, the
            gradient of what writes a channel is at right angles to it, and says nothing.
    """
    parameters = dict(network.named_parameters())
    worth = {group.name: torch.zeros(group.count) for group in groups}
    for loss in losses:
        network.zero_grad(set_to_none=True)
        loss.backward()
        for group in groups:
            changes: dict[str, torch.Tensor] = {}  # by layer: its weight and its bias change together
            for part in group.parts:
                parameter = parameters.get(part.tensor)
                if part.role == by and parameter is not None and parameter.grad is not None:
                    product = _sums(parameter.grad * parameter.detach(), part.axis).cpu()
                    layer = part.tensor.rpartition(".")[0]
                    changes[layer] = changes.get(layer, 0) + product[part.places]
            for change in changes.values():
                worth[group.name] += change**2
    network.zero_grad(set_to_none=True)
    return worth


def multiplications(network: nn.Module, channels: Channels, kept: Mapping[str, int] | None = None) -> float:
    """Multiplications of one sample's weights, without those of activations with each other.

    Args:
        network: As wide as ``channels`` says.
        channels: Of the network.
        kept: How many channels of each group would stay; None counts all.
    """
    tensors = named_tensors(network)
    gone: dict[tuple[str, int], int] = {}
    for group in channels.groups:
        fewer = 0 if kept is None else group.count - kept[group.name]
        for part in group.parts:
            gone[part.tensor, part.axis] = gone.get((part.tensor, part.axis), 0) + fewer
    total = 0.0
    for name, uses in channels.uses.items():
        sizes = [size - gone.get((name, axis), 0) for axis, size in enumerate(tensors[name].shape)]
        total += uses * math.prod(sizes)
    return total


def choose_channels(
    network: nn.Module, channels: Channels, worth: Worth, *, share: float, multiple: int = 8, least: float = 0.1
) -> dict[str, torch.Tensor]:
    """The channels that stay: those go first that are worth least for the multiplications that they take.

    Args:
        network: As wide as ``channels`` says.
        channels: Of the network.
        worth: Of each channel.
        share: Of its multiplications, that shall be left.
        multiple: Groups keep multiples of so many channels, the blocks that processors compute in; at least one.
        least: Of each group this share stays.

    Returns:
        By group ``(C,)`` bool.

    Raises:
        UsageError: So few cannot be reached.
    """
    whole = multiplications(network, channels)
    every = {group.name: group.count for group in channels.groups}
    scores, owners = [], []
    for group in channels.groups:
        saved = whole - multiplications(network, channels, {**every, group.name: group.count - 1})
        scores.append(worth[group.name] / max(saved, 1.0))
        owners += [group.name] * group.count
    order = torch.argsort(torch.cat(scores), stable=True).tolist() if scores else []

    def left(removed: int) -> dict[str, int]:
        counts = dict(every)
        for place in order[:removed]:
            counts[owners[place]] -= 1
        return {name: _rounded(count, every[name], multiple, least) for name, count in counts.items()}

    low, high = 0, len(order)
    if multiplications(network, channels, left(high)) > share * whole:
        smallest = multiplications(network, channels, left(high)) / whole
        raise UsageError(
            f"share is {share:g}, and at least {smallest:.2f} of the multiplications stay, whatever is removed; "
            "ask for more than that"
        )
    while low < high:  # fewer channels never take more multiplications
        middle = (low + high) // 2
        enough = multiplications(network, channels, left(middle)) <= share * whole
        low, high = (low, middle) if enough else (middle + 1, high)
    counts = left(low)
    kept = {}
    for group in channels.groups:
        kept[group.name] = torch.zeros(group.count, dtype=torch.bool)
        kept[group.name][worth[group.name].argsort(descending=True, stable=True)[: counts[group.name]]] = True
    return kept


def as_many_as(narrow: nn.Module, groups: Iterable[ChannelGroup], worth: Worth) -> dict[str, torch.Tensor]:
    """The channels worth most, as many of each group as another network has: by group ``(C,)`` bool.

    Args:
        narrow: Its tensors have the same names; of a group whose writer it lacks, all stay.
        groups: Of the wider network.
        worth: Of each channel.
    """
    tensors, kept = named_tensors(narrow), {}
    for group in groups:
        writer = next(part for part in group.parts if part.tensor == group.name)
        count = tensors[group.name].shape[writer.axis] if group.name in tensors else group.count
        kept[group.name] = torch.zeros(group.count, dtype=torch.bool)
        kept[group.name][worth[group.name].topk(count).indices] = True
    return kept


def _sums(values: torch.Tensor, axis: int) -> torch.Tensor:
    """Over all other axes."""
    return values.movedim(axis, 0).reshape(values.shape[axis], -1).sum(1)


def _rounded(count: int, whole: int, multiple: int, least: float) -> int:
    """Up to a multiple, at most all of them."""
    wanted = max(count, math.ceil(least * whole), 1)
    return min(whole, -(-wanted // multiple) * multiple)
