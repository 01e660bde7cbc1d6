"""Reads manifests of schema version 1, in which one skeleton, clip, set of labels and calibration held for all graphs.

It goes away when no bundle that ships is of this version. What it gives is a `Manifest` of the present version.
"""

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from edgeact.bundle.manifest import (
    ClipSpec,
    CropSpec,
    DetectionSpec,
    Dimension,
    FileName,
    GraphSpec,
    HeadSpec,
    Line,
    Manifest,
    Meaning,
    Probability,
    Record,
    Sha256,
    SkeletonSpec,
    TensorSpec,
)
from edgeact.skeleton import SKELETONS

VERSION = 1
# The one action head of a bundle of this version.
HEAD = "action"
# Inputs had fewer words: a clip's joints with their confidence were called features.
_INPUT_MEANINGS: dict[str, Meaning] = {"image": "picture", "features": "poses"}


class _Tensor(Record):
    name: Line
    meaning: Literal[
        "image", "boxes", "scores", "joints", "confidence", "joint_maps", "features", "actions", "relevance"
    ]
    shape: tuple[Dimension, ...]
    dtype: Literal["uint8", "float32"]


class _Graph(Record):
    name: Line
    file: FileName
    sha256: Sha256
    scope: Literal["scene", "person"]
    horizon: Literal["frame", "clip"]
    precision: Literal["float32", "int8"] = "float32"
    inputs: tuple[_Tensor, ...]
    outputs: tuple[_Tensor, ...]


class _Calibration(Record):
    detection_score: Probability
    detection_iou: Probability
    detection_pixels: (
        Annotated[tuple[Annotated[int, Field(ge=1024, le=1 << 23)], ...], Field(min_length=1, max_length=3)] | None
    ) = None
    pose_padding: Annotated[float, Field(ge=1.0, le=2.0)]
    joint_confidence: Probability
    action_score: Probability


class ManifestOfSchema1(Record):
    """A manifest of schema 1 as the file holds it."""

    schema_version: Literal[1]
    name: Line
    version: Line
    created: Line
    licence: Line
    skeleton: str
    joints: tuple[str, ...]
    labels: Annotated[tuple[Line, ...], Field(max_length=10_000)]
    other_label: str
    clip: ClipSpec
    calibration: _Calibration
    graphs: Annotated[tuple[_Graph, ...], Field(max_length=64)]
    training: dict[str, Any]
    parity: dict[str, Any]

    @model_validator(mode="after")
    def _consistent(self) -> "ManifestOfSchema1":
        if twice := [label for label, count in Counter(self.labels).items() if count > 1]:
            raise ValueError(f"labels that are there twice: {', '.join(twice)}")
        if self.other_label not in self.labels:
            raise ValueError(f"other_label {self.other_label!r} is not one of the labels")
        if self.skeleton not in SKELETONS:
            raise ValueError(f"skeleton {self.skeleton!r} is unknown; known are {', '.join(SKELETONS)}")
        if self.joints != SKELETONS[self.skeleton].joints:
            raise ValueError(f"joints differ from those of skeleton {self.skeleton!r}")
        return self

    def to_present(self) -> Manifest:
        """The same in the present version: what held for all graphs stands with each graph that uses it."""
        return Manifest(
            schema_version=2,
            name=self.name,
            version=self.version,
            created=self.created,
            licence=self.licence,
            graphs=tuple(self._graph(graph) for graph in self.graphs),
            training=self.training,
            parity=self.parity,
        )

    def _graph(self, graph: _Graph) -> GraphSpec:
        gives = {tensor.meaning for tensor in graph.outputs}
        is_clip, numbers = graph.horizon == "clip", self.calibration
        has_joints = bool(gives & {"joints", "relevance"}) or is_clip
        detection = DetectionSpec(
            score=numbers.detection_score, iou=numbers.detection_iou, pixels=numbers.detection_pixels
        )
        return GraphSpec(
            name=graph.name,
            file=graph.file,
            sha256=graph.sha256,
            scope=graph.scope,
            horizon=graph.horizon,
            precision=graph.precision,
            inputs=tuple(
                TensorSpec(
                    name=tensor.name,
                    meaning=_INPUT_MEANINGS.get(tensor.meaning, tensor.meaning),  # type: ignore[arg-type]
                    shape=tensor.shape,
                    dtype=tensor.dtype,
                )
                for tensor in graph.inputs
            ),
            outputs=tuple(
                TensorSpec(
                    name=tensor.name,
                    meaning="picture" if tensor.meaning == "image" else tensor.meaning,
                    shape=tensor.shape,
                    dtype=tensor.dtype,
                    head=HEAD if tensor.meaning in ("actions", "relevance") else None,
                )
                for tensor in graph.outputs
            ),
            detection=detection if "boxes" in gives else None,
            crop=CropSpec(padding=numbers.pose_padding) if graph.scope == "person" and not is_clip else None,
            skeleton=SkeletonSpec(name=self.skeleton, joints=self.joints, confidence=numbers.joint_confidence)
            if has_joints
            else None,
            clip=self.clip if is_clip else None,
            heads=self._heads() if "actions" in gives else (),
        )

    def _heads(self) -> tuple[HeadSpec, ...]:
        score = self.calibration.action_score
        return (HeadSpec(name=HEAD, labels=self.labels, other_label=self.other_label, score=score),)
