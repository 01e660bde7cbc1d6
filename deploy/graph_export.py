"""One graph of a bundle before it is written: the module, inputs to compare it on, and what the manifest says of it.

Shapes: N pictures or clips, T frames, H×W pixels, J joints.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from edgeact.bundle.manifest import (
    ClipSpec,
    CropSpec,
    DetectionSpec,
    Dimension,
    FreeDimension,
    HeadSpec,
    Horizon,
    InputMeaning,
    OutputMeaning,
    Scope,
    SkeletonSpec,
    TensorSpec,
)

# Largest difference to PyTorch that is accepted: pixels for places, metres for 3D, shares for the rest; of features,
# which have no unit, a share of the largest one. The values found stand in the manifest. A gradient jumps where a
# ReLU's input lies within rounding of 0: of 17 validation clips one relevance differed by .0018, all the others by 1e-5
# at most; relevance and attention reach 1, and a wrong graph is wrong by as much. Probabilities of actions come of
# logits over a temperature that sharpens them: 1e-4 was found at .7.
TOLERANCE: Mapping[OutputMeaning, float] = {
    "boxes": 0.05, "scores": 1e-4, "joints": 0.05, "part_boxes": 0.05, "joints_3d": 1e-3, "confidence": 1e-3,
    "joint_maps": 1e-3, "human_map": 1e-3, "features": 1e-3, "actions": 5e-4, "attention": 0.02, "relevance": 0.02,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class GraphExport:
    """What becomes one graph of a bundle.

    Attributes:
        name: Of the graph; its file is ``NAME.onnx``.
        scope: What it looks at.
        horizon: One frame or a clip.
        module: Takes one tensor, gives as many as ``outputs`` has, in that order. Its weights are rounded in place.
        samples: Inputs on which the graph is compared with the module. The first one is traced: where the input's
            first axis is "N" it must hold 2 or more, else tracing takes 1 as a constant.
        input: What it takes, with "N", "H" or "W" for the axes that may change.
        outputs: What it gives.
        detection: Of a graph that gives boxes.
        crop: Of a graph that takes pictures of persons.
        skeleton: Of a graph that gives or reads joints.
        clip: Of a graph whose horizon is a clip.
        heads: Of a graph that gives actions.
        tolerance: Largest accepted difference of outputs by name, where it is not that of their meaning (`TOLERANCE`).
        half_products: Whether weights that the exporter multiplies by a normalisation are stored in half precision as
            well (`deploy.export.store_half`); the comparison with the module shows by how much that moves its outputs.
    """

    name: str
    scope: Scope
    horizon: Horizon
    module: nn.Module
    samples: tuple[torch.Tensor, ...]
    input: TensorSpec
    outputs: tuple[TensorSpec, ...]
    detection: DetectionSpec | None = None
    crop: CropSpec | None = None
    skeleton: SkeletonSpec | None = None
    clip: ClipSpec | None = None
    heads: tuple[HeadSpec, ...] = ()
    tolerance: Mapping[str, float] | None = None
    half_products: bool = False

    @property
    def free(self) -> tuple[FreeDimension, ...]:
        """The input's axes that may change."""
        return tuple(size for size in self.input.shape if isinstance(size, str))

    def limit(self, output: TensorSpec) -> float:
        """The largest accepted difference of an output."""
        own = (self.tolerance or {}).get(output.name)
        return TOLERANCE[output.meaning] if own is None else own  # type: ignore[index]


def given(
    meaning: OutputMeaning, shape: tuple[Dimension, ...], *, name: str | None = None, head: str | None = None
) -> TensorSpec:
    """An output in float32; without a name of its own it is called what it means."""
    return TensorSpec(name=name or meaning, meaning=meaning, shape=shape, dtype="float32", head=head)


def taken(
    meaning: InputMeaning,
    shape: tuple[Dimension, ...],
    *,
    name: str = "image",
    dtype: Literal["uint8", "float32"] = "uint8",
) -> TensorSpec:
    """An input: by default uint8 RGB pixels."""
    return TensorSpec(name=name, meaning=meaning, shape=shape, dtype=dtype)
