"""Which channels the axes of a value carry, operator by operator.

Each place of each axis has a number, its channel; places that must be removed together share one. Number 0 is of what
stays: the network's own inputs and outputs, rows and columns, and whatever an operator mixes that has no rule here. So
a network with an unknown operator is pruned less, and never wrongly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Role = Literal["writes", "reads", "keeps"]
Axes = list[np.ndarray]  # of a value: for each axis the channel of each of its places, int64


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What an operator is given or gives.

    Attributes:
        axes: The channels of its places.
        tensor: Its name where it is a parameter or buffer of the network.
    """

    axes: Axes
    tensor: str | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return tuple(len(axis) for axis in self.axes)


@dataclass(slots=True)
class Found:
    """What the rules find out: which channels are the same one, and what each tensor does with them.

    Attributes:
        parents: Of each channel another one that is the same, or itself.
        roles: By tensor and axis.
        uses: How often each weight is multiplied by something: positions of its convolution times samples.
    """

    parents: list[int] = field(default_factory=lambda: [0])
    roles: dict[tuple[str, int], Role] = field(default_factory=dict)
    uses: dict[str, int] = field(default_factory=dict)

    def new(self, count: int) -> np.ndarray:
        """Channels that are nobody else's."""
        first = len(self.parents)
        self.parents.extend(range(first, first + count))
        return np.arange(first, first + count)

    def root(self, channel: int) -> int:
        """The one number that all the same channels have."""
        while self.parents[channel] != channel:
            self.parents[channel] = channel = self.parents[self.parents[channel]]
        return channel

    def join(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Make channels the same, place by place, and return the first ones."""
        for one, other in zip(first, second, strict=True):
            # The smaller number is kept, so that what is joined with 0 stays.
            a, b = sorted((self.root(int(one)), self.root(int(other))))
            self.parents[b] = a
        return first

    def fix(self, axis: np.ndarray) -> np.ndarray:
        """Let all channels of an axis stay, and return as many zeros."""
        fixed = np.zeros(len(axis), np.int64)
        self.join(fixed, axis)
        return fixed

    def note(self, value: Value, axis: int, role: Role) -> None:
        """Remember what a tensor does with the channels of one axis."""
        if value.tensor is not None:
            self.roles.setdefault((value.tensor, axis), role)


Rule = Callable[[Found, Sequence[Any], tuple[int, ...]], Axes]


def _convolution(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    given, weight = arguments[0], arguments[1]
    bias = arguments[2] if len(arguments) > 2 else None
    groups = arguments[6] if len(arguments) > 6 else 1
    assert isinstance(given, Value)
    assert isinstance(weight, Value)
    positions = int(np.prod([shape[0], *shape[2:]]))
    if weight.tensor is not None:
        found.uses[weight.tensor] = found.uses.get(weight.tensor, 0) + positions
    if groups == 1:
        found.join(weight.axes[1], given.axes[1])
        found.note(weight, 0, "writes")
        found.note(weight, 1, "reads")
    elif groups == len(given.axes[1]) == len(weight.axes[0]):  # each channel for itself
        found.join(weight.axes[0], given.axes[1])
        found.note(weight, 0, "keeps")
    else:
        found.fix(given.axes[1])
        found.fix(weight.axes[0])
    if isinstance(bias, Value):
        found.join(bias.axes[0], weight.axes[0])
        found.note(bias, 0, "writes" if groups == 1 else "keeps")
    return [_still(shape[0]), weight.axes[0], *(_still(size) for size in shape[2:])]


def _linear(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    given, weight = arguments[0], arguments[1]
    assert isinstance(given, Value)
    assert isinstance(weight, Value)
    if weight.tensor is not None:
        found.uses[weight.tensor] = found.uses.get(weight.tensor, 0) + int(np.prod(shape[:-1]))
    found.join(weight.axes[1], given.axes[-1])
    found.note(weight, 0, "writes")
    found.note(weight, 1, "reads")
    if len(arguments) > 2 and isinstance(arguments[2], Value):
        found.join(arguments[2].axes[0], weight.axes[0])
        found.note(arguments[2], 0, "writes")
    return [*given.axes[:-1], weight.axes[0]]


def _batch_norm(found: Found, arguments: Sequence[Any], _shape: tuple[int, ...]) -> Axes:
    given = arguments[0]
    assert isinstance(given, Value)
    for value in arguments[1:5]:
        if isinstance(value, Value):
            found.join(value.axes[0], given.axes[1])
            found.note(value, 0, "keeps")
    return given.axes


def _elementwise(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    """Of one value or several that are broadcast: each place comes of the same place of the others."""
    values = [value for value in arguments if isinstance(value, Value)]
    axes: Axes = []
    for position in range(-len(shape), 0):
        meeting = [(value, value.axes[position]) for value in values if len(value.axes) >= -position]
        wide = [(value, axis) for value, axis in meeting if len(axis) == shape[position]]
        first = wide[0][1]
        for value, axis in wide:
            found.join(first, axis)
            found.note(value, len(value.axes) + position, "keeps")
        for _, axis in meeting:
            if len(axis) != shape[position]:
                found.fix(axis)
        axes.append(first)
    return axes


def _pooling(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    """Of the last axes; samples and channels stay what they are."""
    given = arguments[0]
    assert isinstance(given, Value)
    for axis in given.axes[2:]:
        found.fix(axis)
    return [*given.axes[:2], *(_still(size) for size in shape[2:])]


def _pad(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    given = arguments[0]
    assert isinstance(given, Value)
    first = len(shape) - len(arguments[1]) // 2  # of the axes that the padding names
    for axis in given.axes[first:]:
        found.fix(axis)
    return [*given.axes[:first], *(_still(size) for size in shape[first:])]


def _reduction(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    """Mean, sum, maximum over some axes, whose channels it mixes."""
    given = arguments[0]
    assert isinstance(given, Value)
    over = arguments[1] if len(arguments) > 1 and arguments[1] else range(len(given.axes))
    gone = {axis % len(given.axes) for axis in ([over] if isinstance(over, int) else over)}
    for axis in gone:
        found.fix(given.axes[axis])
    if len(shape) == len(given.axes):  # they are kept as axes of one place
        return [_still(1) if axis in gone else kept for axis, kept in enumerate(given.axes)]
    return [kept for axis, kept in enumerate(given.axes) if axis not in gone]


def _softmax(found: Found, arguments: Sequence[Any], _shape: tuple[int, ...]) -> Axes:
    given = arguments[0]
    assert isinstance(given, Value)
    axes = list(given.axes)
    axes[arguments[1]] = found.fix(axes[arguments[1]])
    return axes


def _cat(found: Found, arguments: Sequence[Any], _shape: tuple[int, ...]) -> Axes:
    values = arguments[0]
    axis = (arguments[1] if len(arguments) > 1 else 0) % len(values[0].axes)
    axes = list(values[0].axes)
    for value in values[1:]:
        for position, other in enumerate(value.axes):
            if position != axis:
                found.join(axes[position], other)
    axes[axis] = np.concatenate([value.axes[axis] for value in values])
    return axes


def _stack(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    values = arguments[0]
    for value in values[1:]:
        for one, other in zip(values[0].axes, value.axes, strict=True):
            found.join(one, other)
    axes = list(values[0].axes)
    axes.insert((arguments[1] if len(arguments) > 1 else 0) % len(shape), _still(len(values)))
    return axes


def _slice(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    """A part of an axis. Its bounds are numbers in the network: what lies before them must stay."""
    given = arguments[0]
    assert isinstance(given, Value)
    axis, start, end, step = [*arguments[1:], *(0, None, None, 1)[len(arguments) - 1 :]]
    axis %= len(given.axes)
    axes, whole = list(given.axes), given.axes[axis]
    places = np.arange(len(whole))[slice(start, end, step)]
    assert len(places) == shape[axis]
    if len(places) and len(places) != len(whole):
        open_end = places[-1] == len(whole) - 1 and step == 1
        found.fix(whole[: places[0]] if open_end else whole[: places[-1] + 1])
    axes[axis] = whole[places]
    return axes


def _permute(_found: Found, arguments: Sequence[Any], _shape: tuple[int, ...]) -> Axes:
    given = arguments[0]
    assert isinstance(given, Value)
    return [given.axes[axis] for axis in arguments[1]]


def _transpose(_found: Found, arguments: Sequence[Any], _shape: tuple[int, ...]) -> Axes:
    given = arguments[0]
    assert isinstance(given, Value)
    axes = list(given.axes)
    axes[arguments[1]], axes[arguments[2]] = axes[arguments[2]], axes[arguments[1]]
    return axes


def _matmul(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    left, right = arguments
    if min(len(left.axes), len(right.axes), len(shape)) < 2:
        return unknown(found, arguments, shape)
    found.fix(left.axes[-1])
    found.fix(right.axes[-2])
    batches = [Value(value.axes[:-2]) for value in (left, right)]
    return [*_elementwise(found, batches, shape[:-2]), left.axes[-2], right.axes[-1]]


def _reshape(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    """Other axes over the same places, in the same order. An axis of channels may meet others only where each place of
    the new axis still belongs to one channel: as where maps (C, h, w) become C·h·w features.
    """
    given = arguments[0]
    assert isinstance(given, Value)
    axes: Axes = []
    for olds, news in _same_places(given.shape, shape):
        old = [given.axes[axis] for axis in olds]
        sizes = [shape[axis] for axis in news]
        telling = [index for index, axis in enumerate(old) if any(found.root(int(one)) for one in axis)]
        axes += _spread(found, old, telling, sizes)
    return axes


def _spread(found: Found, old: Axes, telling: list[int], sizes: list[int]) -> Axes:
    if len(telling) == 1:
        shape = [len(axis) if index == telling[0] else 1 for index, axis in enumerate(old)]
        every = np.broadcast_to(old[telling[0]].reshape(shape), [len(axis) for axis in old]).reshape(sizes)
        for axis in range(len(sizes)):
            along = np.moveaxis(every, axis, 0).reshape(sizes[axis], -1)
            if (along == along[:, :1]).all():
                return [along[:, 0] if other == axis else _still(size) for other, size in enumerate(sizes)]
    for axis in old:
        found.fix(axis)
    return [_still(size) for size in sizes]


def _same_places(before: tuple[int, ...], after: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """Runs of axes of two shapes that cover the same places, in order."""
    runs: list[tuple[list[int], list[int]]] = []
    old, new = 0, 0
    while old < len(before) or new < len(after):
        olds, news = ([old] if old < len(before) else []), ([new] if new < len(after) else [])
        old, new = old + len(olds), new + len(news)
        while (a := int(np.prod([before[i] for i in olds]))) != (b := int(np.prod([after[i] for i in news]))):
            if a < b:
                olds.append(old)
                old += 1
            else:
                news.append(new)
                new += 1
        runs.append((olds, news))
    return runs


def _still(size: int) -> np.ndarray:
    return np.zeros(size, np.int64)


def unknown(found: Found, arguments: Sequence[Any], shape: tuple[int, ...]) -> Axes:
    """Whatever has no rule: all channels that it sees stay."""
    for value in arguments:
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, Value):
                for axis in one.axes:
                    found.fix(axis)
    return [_still(size) for size in shape]


# Each place of the outcome comes of the same place of what is given, whatever else the operator does.
_ONE_TO_ONE = (
    *("relu", "relu6", "hardtanh", "leaky_relu", "elu", "gelu", "silu", "mish", "hardswish", "hardsigmoid", "sigmoid"),
    *("tanh", "softplus", "dropout", "feature_dropout", "neg", "abs", "exp", "log", "sqrt", "rsqrt", "square"),
    *("clamp", "clamp_min", "clamp_max", "alias", "clone", "contiguous", "detach", "to", "_to_copy"),
    *("add", "sub", "mul", "div", "maximum", "minimum"),
)
_POOLINGS = (
    *(f"{kind}_pool{axes}d" for kind in ("max", "avg", "adaptive_avg", "adaptive_max") for axes in (1, 2, 3)),
    *(f"upsample_nearest{axes}d" for axes in (1, 2, 3)),
    *("upsample_bilinear2d", "upsample_trilinear3d"),
)

# By the name of the ATen operator, without the underscore behind that of one that works in place.
RULES: dict[str, Rule] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    "linear": _linear,
    "batch_norm": _batch_norm,
    **dict.fromkeys(_ONE_TO_ONE, _elementwise),
    **dict.fromkeys(_POOLINGS, _pooling),
    "pad": _pad,
    **dict.fromkeys(("mean", "sum", "amax", "amin"), _reduction),
    **dict.fromkeys(("softmax", "log_softmax"), _softmax),
    "cat": _cat,
    "stack": _stack,
    "slice": _slice,
    "permute": _permute,
    "transpose": _transpose,
    "matmul": _matmul,
    **dict.fromkeys(("reshape", "view", "flatten", "unflatten", "unsqueeze", "squeeze"), _reshape),
}
