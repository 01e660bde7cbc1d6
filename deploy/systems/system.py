"""What every system's file gives, and what a caller may ask of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from pydantic import ValidationError
from torch import nn

from deploy.graph_export import GraphExport, given, taken
from deploy.samples import demo_pictures
from edgeact.bundle.manifest import CropSpec, HeadSpec, Scope, TensorSpec
from edgeact.errors import UsageError
from trainer.data.picture_batches import PERSON_PADDING

# Shapes of a network's weights by name: what a network's size is read from.
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]

# As the pose networks that ship are given a person, and as the papers' networks are trained here.
PERSON_CROP = CropSpec(padding=PERSON_PADDING)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is not in the weights.

    Attributes:
        labels: In the order of the scores.
        multi_label: Whether each action has a probability of its own (sigmoid) instead of all together (softmax).
        other_label: The label that stands for no action of the list.
        score: An action is in force from this probability on.
        side: Of the square pictures that the network takes, in pixels; None takes the paper's.
        scope: The whole picture or one person's crop; None takes the system's own.
        exit_at: Pyramid and level where network E ends; None takes its last block.
        explain: Methods of attention that get an explain graph.
        clip_length: Frames of a clip; None takes the paper's.
        clip_stride: Seconds between two frames of a clip; None takes the system's own.
        crop_metres: How many metres a crop's side stands for, to give 3D joints their scale (network E).
    """

    labels: tuple[str, ...]
    multi_label: bool = False
    other_label: str | None = None
    score: float = 0.5
    side: int | None = None
    scope: Scope | None = None
    exit_at: tuple[int, int] | None = None
    explain: tuple[str, ...] = ()
    clip_length: int | None = None
    clip_stride: float | None = None
    crop_metres: float = 2.0

    def head(self, name: str, classes: int, *, events: bool = True) -> HeadSpec:
        """An action head with these labels.

        Raises:
            UsageError: The network has another number of classes, or a label is empty, there twice, or missing.
        """
        if len(self.labels) != classes:
            raise UsageError(
                f"there are {len(self.labels)} labels, the network has {classes} classes; give one label for each, "
                "in the order of training"
            )
        try:
            return HeadSpec(
                name=name,
                labels=self.labels,
                other_label=self.other_label,
                multi_label=self.multi_label,
                score=self.score,
                events=events,
            )
        except ValidationError as error:
            faults = "; ".join(fault["msg"] for fault in error.errors()[:5])
            raise UsageError(f"the labels cannot be used: {faults}") from error

    def probabilities(self, scores: torch.Tensor) -> torch.Tensor:
        """Scores (N, A) of a network → probabilities."""
        return torch.sigmoid(scores) if self.multi_label else torch.softmax(scores, -1)


def picture_graph(
    module: nn.Module, options: ExportOptions, *, side: int, head: HeadSpec, maps: Sequence[TensorSpec]
) -> GraphExport:
    """A graph that judges one square picture: the whole frame, or a person's crop where the options say so.

    Args:
        module: Pictures ``(N, side, side, 3)`` uint8 RGB → probabilities ``(N, A)``, then the maps.
        options: With the scope; the whole frame without one.
        side: Of the picture, in pixels.
        head: Of the probabilities.
        maps: What the module gives after the probabilities.
    """
    scope = options.scope or "scene"
    pictures = demo_pictures(3, height=side, width=side)
    return GraphExport(
        name=scope,
        scope=scope,
        horizon="frame",
        module=module,
        samples=(pictures, pictures[:1]),
        input=taken("picture", ("N", side, side, 3)),
        outputs=(given("actions", ("N", len(head.labels)), head=head.name), *maps),
        crop=PERSON_CROP if scope == "person" else None,
        heads=(head,),
    )


OptionName = Literal["multi_label", "side", "scope", "exit_at", "explain", "clip_length", "clip_stride", "crop_metres"]


@dataclass(frozen=True, slots=True)
class System:
    """A network of the papers, or ours, and how it becomes graphs.

    Attributes:
        letter: As `trainer/models/README.md` calls it.
        name: As the command line calls it.
        title: For the model card.
        network: Weights' shapes and options → the network that has such weights, unfilled.
        graphs: The filled network and the options → its graphs. The network is rounded in place.
        options: Which options it heeds beside labels, other label and score.
        explains: Which methods of attention it has explain graphs for.
    """

    letter: str
    name: str
    title: str
    network: Callable[[Shapes, ExportOptions], nn.Module]
    graphs: Callable[[nn.Module, ExportOptions], list[GraphExport]]
    options: frozenset[OptionName]
    explains: tuple[str, ...] = ()


def shape_of(shapes: Shapes, name: str, *, network: str) -> tuple[int, ...]:
    """The shape of one weight.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in shapes:
        shown = ", ".join(list(shapes)[:5]) or "nothing"
        raise UsageError(f"the weights are not those of {network}: {name} is missing (they begin with {shown})")
    return shapes[name]


def count_indices(shapes: Shapes, prefix: str) -> int:
    """How many modules of a list the weights have: one more than the highest number behind ``prefix``."""
    numbers = [name.removeprefix(prefix).partition(".")[0] for name in shapes if name.startswith(prefix)]
    return max((int(number) + 1 for number in numbers if number.isdigit()), default=0)
