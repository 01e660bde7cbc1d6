"""Which channels of a network can be removed, and where each of them stands: found by tracing the network.

A channel is removed everywhere at once: the filter that writes it, its normalisation, every weight that reads it, and
the channels that are added to it. `trainer.compress.axes` has the rules.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from trainer.compress.axes import RULES, Axes, Found, Role, Value, unknown


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one tensor has of a group's channels.

    Attributes:
        tensor: Name of a parameter or buffer.
        axis: Of it.
        places: ``(C,)`` int64: where each channel stands on the axis.
        role: Whether the tensor writes these channels, reads them, or keeps each for itself (normalisation, depthwise).
    """

    tensor: str
    axis: int
    places: torch.Tensor
    role: Role


@dataclass(frozen=True, slots=True, eq=False)
class ChannelGroup:
    """Channels that stand in the same tensors, so that any number of them may be removed.

    Attributes:
        name: Of the tensor that writes them first.
        count: C.
        parts: Where they stand.
    """

    name: str
    count: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """Attributes: the groups, and how often each weight is multiplied by something for one sample (for its cost)."""

    groups: tuple[ChannelGroup, ...]
    uses: dict[str, float]


class _Traced(nn.Module):
    """A network whose outputs are a plain tuple of tensors."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(tensors_of(self.network(*inputs)))


def tensors_of(output: Any) -> list[torch.Tensor]:
    """All tensors of what a network gives, in order: through lists, dictionaries and dataclasses."""
    if isinstance(output, torch.Tensor):
        return [output]
    if dataclasses.is_dataclass(output):
        return [found for part in dataclasses.fields(output) for found in tensors_of(getattr(output, part.name))]
    if isinstance(output, dict):
        output = output.values()
    if isinstance(output, Iterable) and not isinstance(output, str):
        return [found for part in output for found in tensors_of(part)]
    return []


def find_channels(network: nn.Module, inputs: Sequence[torch.Tensor]) -> Channels:
    """Trace a network in evaluation mode.

    Args:
        network: Comes back in the mode that it was in.
        inputs: What it takes, with two samples or more.

    Returns:
        The groups of channels that nothing forbids to remove, in the order in which they are written.
    """
    training = network.training
    with torch.no_grad():
        program = torch.export.export(_Traced(network.eval()), tuple(inputs), strict=False)
    network.train(training)
    found, values = Found(), {}
    names = {**program.graph_signature.inputs_to_parameters, **program.graph_signature.inputs_to_buffers}
    tensors: dict[str, Axes] = {}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            values[node] = _given(node, names, found, tensors)
        elif node.op == "call_function":
            values[node] = _outcome(node, values, found)
        elif node.op == "output":
            unknown(found, [values[one] for one in node.args[0] if isinstance(one, torch.fx.Node)], ())
    uses = {name: count / len(inputs[0]) for name, count in found.uses.items()}
    return Channels(_grouped(found, tensors), uses)


def _given(node: torch.fx.Node, names: dict[str, str], found: Found, tensors: dict[str, Axes]) -> Value:
    """A parameter or buffer, whose channels may go, or an input or constant, whose places stay."""
    shape = node.meta["val"].shape if isinstance(node.meta["val"], torch.Tensor) else ()
    name = names.get(node.name)
    if name is None:
        return Value([np.zeros(size, np.int64) for size in shape])
    name = name.removeprefix("network.")
    if name not in tensors:  # of a tensor that two modules share there is one
        tensors[name] = [found.new(size) if axis < 2 else np.zeros(size, np.int64) for axis, size in enumerate(shape)]
    return Value(tensors[name], name)


def _outcome(node: torch.fx.Node, values: dict, found: Found) -> Any:
    arguments = torch.fx.map_arg(node.args, lambda argument: values[argument])
    operator = str(node.target).split(".")
    name = operator[1] if operator[0] == "aten" else operator[0]
    if "getitem" in name:
        return arguments[0][arguments[1]]
    outcome = node.meta.get("val")
    if not isinstance(outcome, torch.Tensor):
        parts = outcome if isinstance(outcome, (list, tuple)) else ()
        unknown(found, arguments, ())
        return [Value([np.zeros(size, np.int64) for size in part.shape]) for part in parts]
    shape = tuple(int(size) for size in outcome.shape)
    return Value(RULES.get(name.removesuffix("_"), unknown)(found, arguments, shape))


def _grouped(found: Found, tensors: dict[str, Axes]) -> tuple[ChannelGroup, ...]:
    """Channels by the tensors that they stand in."""
    places: dict[int, list[tuple[str, int, int]]] = {}  # of each channel, in the order of computation
    for tensor, axes in tensors.items():
        for axis, channels in enumerate(axes):
            for place, channel in enumerate(channels):
                if root := found.root(int(channel)):
                    places.setdefault(root, []).append((tensor, axis, place))
    groups: dict[tuple[tuple[str, int], ...], list[list[int]]] = {}
    for stands in places.values():
        key = tuple((tensor, axis) for tensor, axis, _ in stands)
        groups.setdefault(key, []).append([place for _, _, place in stands])
    made = []
    for key, members in groups.items():
        roles = [found.roles.get(where) for where in key]
        # What nothing writes or nothing reads, or what stands where its use is not known, is left alone.
        if None in roles or not {"writes", "reads"} <= set(roles) or len(members) < 2:
            continue
        columns = torch.tensor(members).T
        parts = tuple(
            Part(tensor, axis, column, role)
            for (tensor, axis), column, role in zip(key, columns, roles, strict=True)
            if role is not None
        )
        writer = next(part.tensor for part in parts if part.role == "writes")
        made.append(ChannelGroup(writer, len(members), parts))
    return tuple(made)
