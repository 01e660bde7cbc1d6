"""Take channels out of a network for good, or only set them to zero to see what that would do."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import nn

from edgeact.errors import BundleError, SourceFormatError
from trainer.compress.channels import ChannelGroup, tensors_of

Kept = Mapping[str, torch.Tensor]  # by a group's name: (C,) bool, which of its channels stay

# Sums over fewer channels are added in another order; of a larger output, a share of its largest value.
_TOLERANCE = 1e-4


@torch.no_grad()
def mask_channels(network: nn.Module, groups: Iterable[ChannelGroup], kept: Kept) -> None:
    """Set what writes, keeps or reads the other channels to zero, in place: they then change nothing."""
    tensors = named_tensors(network)
    for group in groups:
        gone = ~kept[group.name]
        for part in group.parts:
            tensors[part.tensor].movedim(part.axis, 0)[part.places[gone]] = 0


@torch.no_grad()
def remove_channels(network: nn.Module, groups: Iterable[ChannelGroup], kept: Kept) -> None:
    """Take the other channels out of every tensor that they stand in, in place."""
    stay: dict[tuple[str, int], torch.Tensor] = {}
    tensors = named_tensors(network)
    for group in groups:
        for part in group.parts:
            every = stay.setdefault(
                (part.tensor, part.axis), torch.ones(tensors[part.tensor].shape[part.axis], dtype=torch.bool)
            )
            every[part.places[~kept[group.name]]] = False
    for (name, axis), chosen in stay.items():
        values = _tensor(network, name)  # not of the list above: another axis of it may have been cut
        _replace(network, name, values.index_select(axis, chosen.nonzero()[:, 0].to(values.device)))
    _fit_sizes(network, {name for name, _ in stay})


def check_removed(narrow: nn.Module, masked: nn.Module, inputs: Sequence[torch.Tensor]) -> float:
    """The largest difference between a network without channels and the one that has them set to zero, as a share of
    the largest value where that is over 1.

    Raises:
        BundleError: They differ, or the narrow one cannot be run: the network's code counts on its own widths.
    """
    advice = "its code counts on the widths that it was made with; leave this network as it is"
    with torch.no_grad():
        wanted = tensors_of(masked.eval()(*inputs))
        try:
            found = tensors_of(narrow.eval()(*inputs))
        except (RuntimeError, ValueError) as error:
            raise BundleError(f"a {type(narrow).__name__} cannot lose channels ({error}); {advice}") from error
    if [value.shape for value in found] != [value.shape for value in wanted]:
        raise BundleError(f"a {type(narrow).__name__} without channels gives outputs of other shapes; {advice}")
    apart = [
        float((a.float() - b.float()).abs().max() / b.float().abs().max().clamp_min(1.0))
        for a, b in zip(found, wanted, strict=True)
    ]
    largest = max(apart, default=0.0)
    if not largest <= _TOLERANCE:  # a NaN fails this too
        raise BundleError(f"a {type(narrow).__name__} without channels differs by {largest:.3g} from one with zeros")
    return largest


def load_narrow(network: nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    """Fill a network, in place, with the weights of one of its kind that has lost channels.

    Raises:
        SourceFormatError: Names are missing or left over, or a tensor is wider than the network's.
    """
    own = named_tensors(network)
    strange = sorted(set(own) ^ set(tensors))
    wide = [
        name
        for name, values in tensors.items()
        if name in own and not (values.ndim == own[name].ndim and _at_most(values.shape, own[name].shape))
    ]
    if strange or wide:
        raise SourceFormatError(
            f"the weights are not of a narrower {type(network).__name__}: {', '.join([*strange, *wide][:5])} do not fit"
        )
    changed = {name for name, values in tensors.items() if values.shape != own[name].shape}
    for name in changed:
        _replace(network, name, tensors[name])
    _fit_sizes(network, changed)
    network.load_state_dict(dict(tensors))


def _at_most(shape: torch.Size, limit: torch.Size) -> bool:
    return all(size <= most for size, most in zip(shape, limit, strict=True))


def named_tensors(network: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers by name."""
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}


def _tensor(network: nn.Module, name: str) -> torch.Tensor:
    owner, _, own = name.rpartition(".")
    found = getattr(network.get_submodule(owner), own)
    assert isinstance(found, torch.Tensor)
    return found


def _replace(network: nn.Module, name: str, values: torch.Tensor) -> None:
    owner, _, own = name.rpartition(".")
    module = network.get_submodule(owner)
    old = _tensor(network, name)
    new = nn.Parameter(values.clone(), requires_grad=old.requires_grad) if isinstance(old, nn.Parameter) else values
    setattr(module, own, new)


def _fit_sizes(network: nn.Module, names: Iterable[str]) -> None:
    """Update the size attributes (`out_channels`, `num_features`, …) of modules whose tensors were replaced."""
    for owner in {name.rpartition(".")[0] for name in names}:
        module = network.get_submodule(owner)
        weight = getattr(module, "weight", None)
        if hasattr(module, "num_features"):
            module.num_features = len(weight if weight is not None else module.running_mean)
        elif hasattr(module, "in_features"):
            module.out_features, module.in_features = weight.shape
        elif hasattr(module, "groups"):
            if module.groups > 1:  # depthwise: the others lose nothing
                module.groups = len(weight)
            module.out_channels, module.in_channels = weight.shape[0], weight.shape[1] * module.groups
