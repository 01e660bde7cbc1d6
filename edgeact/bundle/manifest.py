"""What stands in ``manifest.json`` (schema version 2): graphs, what each takes and gives, and numbers.

A graph looks at the whole picture (scope ``scene``) or at one tracked person (``person``), for one frame or for a clip
(horizon). What is needed to use a graph stands with the graph: the skeleton of its joints, the crop that it is given,
the clip that it reads, the labels of its action heads.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from edgeact.skeleton import SKELETONS, Skeleton

SCHEMA_VERSION = 2
MANIFEST_NAME = "manifest.json"

_MOST_LABELS, _MOST_GRAPHS, _MOST_HEADS = 10_000, 64, 32


def _refuse_control_characters(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{text!a} has characters that cannot be printed")
    return text


# A plain file name: no folder, no drive, no leading dot, so that it cannot point outside the bundle.
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
# Dimensions that may change from run to run: "N" is the batch, "H" and "W" are a picture's height and width.
FreeDimension = Literal["N", "H", "W"]
Dimension = Annotated[int, Field(ge=1)] | FreeDimension

# Names and labels are shown on terminals and in files: a line of text without control characters.
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_refuse_control_characters)]

Scope: TypeAlias = Literal["scene", "person"]
Horizon: TypeAlias = Literal["frame", "clip"]
# What a graph takes: one picture; the pictures of a clip; of a clip the joints with their confidence (x, y in pixels of
# the frame), or what a person/frame graph gave as features.
InputMeaning: TypeAlias = Literal["picture", "pictures", "poses", "features"]
OutputMeaning: TypeAlias = Literal[
    "boxes", "scores", "joints", "joints_3d", "confidence", "joint_maps", "features", "actions", "attention",
    "relevance", "human_map", "part_boxes",
]  # fmt: skip
Meaning: TypeAlias = InputMeaning | OutputMeaning


class Record(BaseModel):
    """Base of all parts of a manifest: no unknown keys, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TensorSpec(Record):
    """One input or output of a graph.

    Attributes:
        name: As the graph calls it; a map of attention is known by it, too.
        meaning: What it holds.
        shape: Sizes, or the names of free dimensions.
        dtype: Element type.
        head: Of actions, relevance and attention: the action head that they belong to.
    """

    name: Line
    meaning: Meaning
    shape: tuple[Dimension, ...]
    dtype: Literal["uint8", "float32"]
    head: Line | None = None


class DetectionSpec(Record):
    """Numbers of a graph that finds persons, chosen on validation data.

    Attributes:
        score: Boxes under this score are no persons.
        iou: Of two boxes whose IoU exceeds this, the one with the lower score is dropped.
        pixels: The most pixels of each picture that a detector of free size is given of a frame, one a look
            (`edgeact.perception.detect.join_looks`); None with a fixed size.
    """

    score: Probability
    iou: Probability
    pixels: (
        Annotated[tuple[Annotated[int, Field(ge=1024, le=1 << 23)], ...], Field(min_length=1, max_length=3)] | None
    ) = None


class CropSpec(Record):
    """How the picture of one person is cut out: the person's box, its sides multiplied by ``padding``."""

    padding: Annotated[float, Field(ge=1.0, le=2.0)]


class SkeletonSpec(Record):
    """The joints that a graph gives or reads.

    Attributes:
        name: One of `edgeact.skeleton.SKELETONS`.
        joints: Their names in order, which must be those of the skeleton.
        confidence: Joints under this are not drawn.
    """

    name: str
    joints: tuple[str, ...]
    confidence: Probability

    @model_validator(mode="after")
    def _known(self) -> "SkeletonSpec":
        if self.name not in SKELETONS:
            raise ValueError(f"skeleton {self.name!r} is unknown; known are {', '.join(SKELETONS)}")
        if self.joints != SKELETONS[self.name].joints:
            raise ValueError(f"joints differ from those of skeleton {self.name!r}")
        return self

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton itself."""
        return SKELETONS[self.name]


class ClipSpec(Record):
    """A clip is ``length`` frames, ``stride_seconds`` apart."""

    length: Annotated[int, Field(ge=1, le=1024)]
    stride_seconds: Annotated[float, Field(gt=0.0, le=10.0)]

    @property
    def seconds(self) -> float:
        """Time from the first to the last frame of a clip."""
        return (self.length - 1) * self.stride_seconds


class HeadSpec(Record):
    """One set of action scores.

    Attributes:
        name: Tells the heads of a bundle apart.
        labels: In the order of the scores.
        other_label: The label that stands for no action of the list.
        multi_label: Whether several labels may be in force at once; the scores are then independent probabilities.
        score: An action is in force while its smoothed score reaches this.
        label_scores: A threshold for each label in place of ``score``; None where all have the same.
        events: Whether actions of this head become events; readings they are always.
    """

    name: Line
    labels: Annotated[tuple[Line, ...], Field(min_length=1, max_length=_MOST_LABELS)]
    other_label: Line | None
    multi_label: bool = False
    score: Probability
    label_scores: tuple[Probability, ...] | None = None
    events: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> "HeadSpec":
        if twice := [label for label, count in Counter(self.labels).items() if count > 1]:
            raise ValueError(f"labels that are there twice: {', '.join(twice)}")
        if self.other_label is not None and self.other_label not in self.labels:
            raise ValueError(f"other_label {self.other_label!r} is not one of the labels")
        if self.label_scores is not None and len(self.label_scores) != len(self.labels):
            raise ValueError(f"{len(self.label_scores)} label_scores for {len(self.labels)} labels")
        return self

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The least smoothed score of each label that puts it in force."""
        return self.label_scores or (self.score,) * len(self.labels)


class GraphSpec(Record):
    """One compiled network.

    Attributes:
        name: Tells the graphs of a bundle apart.
        file: Beside the manifest.
        sha256: Of the file.
        scope: What it looks at: the whole picture, or one tracked person.
        horizon: One frame, or a clip.
        precision: What it calculates with.
        inputs: What it takes.
        outputs: What it gives.
        detection: Of a graph that gives boxes.
        crop: Of a graph that takes pictures of persons.
        skeleton: Of a graph that gives or reads joints.
        clip: Of a graph whose horizon is a clip.
        heads: The action heads that it gives scores of.
    """

    name: Line
    file: FileName
    sha256: Sha256
    scope: Scope
    horizon: Horizon
    precision: Literal["float32", "int8"] = "float32"
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    detection: DetectionSpec | None = None
    crop: CropSpec | None = None
    skeleton: SkeletonSpec | None = None
    clip: ClipSpec | None = None
    heads: Annotated[tuple[HeadSpec, ...], Field(max_length=_MOST_HEADS)] = ()

    def output(self, meaning: OutputMeaning, *, head: str | None = None) -> TensorSpec | None:
        """The first output with this meaning (and of this head, if one is named), or None."""
        return next(
            (tensor for tensor in self.outputs if tensor.meaning == meaning and (head is None or tensor.head == head)),
            None,
        )

    def takes(self) -> tuple[Meaning, ...]:
        """The meanings of the inputs in their order."""
        return tuple(tensor.meaning for tensor in self.inputs)


class Manifest(Record):
    """What a bundle says about itself; see `GraphSpec` for the graphs."""

    schema_version: Literal[2]
    name: Line
    version: Line
    created: Line
    licence: Line
    graphs: Annotated[tuple[GraphSpec, ...], Field(max_length=_MOST_GRAPHS)]
    training: dict[str, Any]
    parity: dict[str, Any]

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        names = [graph.name for graph in self.graphs]
        if len(set(names)) != len(names):
            raise ValueError(f"two graphs share a name: {', '.join(sorted(names))}")
        heads = [head.name for graph in self.graphs for head in graph.heads]
        if len(set(heads)) != len(heads):
            raise ValueError(f"two action heads share a name: {', '.join(sorted(heads))}")
        return self


def show_shape(shape: Sequence[int | str | None]) -> str:
    """A shape in messages: ``[N, 21, 2]``, with ``?`` for a dimension that may change and has no name."""
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"
