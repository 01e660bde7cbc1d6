"""A bundle: compiled graphs and the manifest that says what they are (schema version 1).

A bundle is a folder with ``manifest.json``, ``MODEL_CARD.md`` and one ``.onnx`` file a graph. Nothing in it is executed
on loading: the manifest is validated, each graph's bytes are hashed before a backend sees them, and file names stay
inside.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from edgeact.errors import BundleError, BundleIntegrityError, BundleSchemaError
from edgeact.regular_file import read_regular
from edgeact.skeleton import SKELETONS, Skeleton

SCHEMA_VERSION = 1
MANIFEST_NAME = "manifest.json"

# In bytes. Ours have ten thousand and two million; ONNX itself ends at two thousand million.
_LARGEST_MANIFEST = 4 * 2**20
_LARGEST_GRAPH = 2**30
_MOST_LABELS, _MOST_GRAPHS = 10_000, 64
_MOST_FAULTS = 20  # listed in one message
_LFS_POINTER = b"version https://git-lfs"


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
_Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_refuse_control_characters)]

Meaning = Literal["image", "boxes", "scores", "joints", "confidence", "joint_maps", "features", "actions", "relevance"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TensorSpec(_Record):
    """Name, meaning, shape and element type of one input or output of a graph."""

    name: _Line
    meaning: Meaning
    shape: tuple[Dimension, ...]
    dtype: Literal["uint8", "float32"]


class GraphSpec(_Record):
    """One compiled network: what it looks at (scope), for how long (horizon), what it calculates with (precision), and
    its tensors.
    """

    name: _Line
    file: FileName
    sha256: Sha256
    scope: Literal["scene", "person"]
    horizon: Literal["frame", "clip"]
    precision: Literal["float32", "int8"] = "float32"
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def output(self, meaning: Meaning) -> TensorSpec | None:
        """The first output with this meaning, or None."""
        return next((tensor for tensor in self.outputs if tensor.meaning == meaning), None)


class ClipSpec(_Record):
    """A clip is ``length`` frames, ``stride_seconds`` apart."""

    length: Annotated[int, Field(ge=1, le=1024)]
    stride_seconds: Annotated[float, Field(gt=0.0, le=10.0)]

    @property
    def seconds(self) -> float:
        """Time from the first to the last frame of a clip."""
        return (self.length - 1) * self.stride_seconds


class CalibrationSpec(_Record):
    """Numbers that belong to the weights, chosen on validation data.

    Attributes:
        detection_score: Boxes under this score are no persons.
        detection_iou: Of two boxes whose IoU exceeds this, the one with the lower score is dropped.
        detection_pixels: The most pixels of each picture that a detector of free size is given of a frame, one a look
            (`edgeact.perception.detect.join_looks`); None with a fixed size.
        pose_padding: The crop's side over the person box's.
        joint_confidence: Joints under this are not drawn.
        action_score: An action is in force while its smoothed score reaches this.
    """

    detection_score: Probability
    detection_iou: Probability
    detection_pixels: (
        Annotated[tuple[Annotated[int, Field(ge=1024, le=1 << 23)], ...], Field(min_length=1, max_length=3)] | None
    ) = None
    pose_padding: Annotated[float, Field(ge=1.0, le=2.0)]
    joint_confidence: Probability
    action_score: Probability


class Manifest(_Record):
    """What a bundle says about itself; see `GraphSpec` for the graphs."""

    schema_version: Literal[1]
    name: _Line
    version: _Line
    created: _Line
    licence: _Line
    skeleton: str
    joints: tuple[str, ...]
    labels: Annotated[tuple[_Line, ...], Field(max_length=_MOST_LABELS)]
    other_label: str
    clip: ClipSpec
    calibration: CalibrationSpec
    graphs: Annotated[tuple[GraphSpec, ...], Field(max_length=_MOST_GRAPHS)]
    training: dict[str, Any]
    parity: dict[str, Any]

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        names = [graph.name for graph in self.graphs]
        if len(set(names)) != len(names):
            raise ValueError(f"two graphs share a name: {', '.join(sorted(names))}")
        if twice := [label for label, count in Counter(self.labels).items() if count > 1]:
            raise ValueError(f"labels that are there twice: {', '.join(twice)}")
        if self.other_label not in self.labels:
            raise ValueError(f"other_label {self.other_label!r} is not one of the labels")
        if self.skeleton not in SKELETONS:
            raise ValueError(f"skeleton {self.skeleton!r} is unknown; known are {', '.join(SKELETONS)}")
        if self.joints != SKELETONS[self.skeleton].joints:
            raise ValueError(f"joints differ from those of skeleton {self.skeleton!r}")
        return self


@dataclass(frozen=True, slots=True)
class Bundle:
    """A validated manifest, where it lies, and ``digest``: sha256 of the manifest, which holds the hash of every
    graph.
    """

    directory: Path
    manifest: Manifest
    digest: str

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton that the pose graph's joints follow."""
        return SKELETONS[self.manifest.skeleton]

    def find_graph(
        self, *, scope: Literal["scene", "person"], horizon: Literal["frame", "clip"], produces: Meaning
    ) -> GraphSpec | None:
        """The first graph with this scope and horizon that has an output of this meaning, or None."""
        for graph in self.manifest.graphs:
            if graph.scope == scope and graph.horizon == horizon and graph.output(produces) is not None:
                return graph
        return None

    def read_graph(self, graph: GraphSpec) -> bytes:
        """The graph's bytes, after their hash has been checked.

        Raises:
            BundleIntegrityError: The file is missing, is no regular file (a link, a pipe, a device), is too large, or
                its hash is not the manifest's.
        """
        path = self.directory / graph.file
        try:
            content = read_regular(path, limit=_LARGEST_GRAPH)
        except OSError as error:
            raise BundleIntegrityError(
                f"{path} cannot be read ({error.strerror}); a bundle holds its files themselves: copy the bundle again"
            ) from error
        if content.startswith(_LFS_POINTER):
            raise BundleIntegrityError(
                f"{path} is a pointer of Git LFS, not the graph; run git lfs pull where the bundle was cloned"
            )
        found = hashlib.sha256(content).hexdigest()
        if found != graph.sha256:
            raise BundleIntegrityError(
                f"{path} has sha256 {found[:12]}…, the manifest says {graph.sha256[:12]}…: "
                "the file is damaged or was changed; copy the bundle again"
            )
        return content


# The bundles that ship with edgeact: the default for two processor cores, and a larger one for a desktop or a GPU.
PACKAGED_BUNDLES = ("compact", "accurate")


def packaged_bundle_path(name: str = PACKAGED_BUNDLES[0]) -> Path:
    """The folder of a bundle that ships with edgeact, one of `PACKAGED_BUNDLES`; without a name the default."""
    return Path(str(resources.files("edgeact"))) / "assets" / "bundles" / name


def _bundle_folder(named: Path | None) -> Path:
    """The folder that ``--bundle`` names: a folder of the user's before a packaged bundle of the same name."""
    if named is None:
        return packaged_bundle_path()
    if str(named) in PACKAGED_BUNDLES and not (named / MANIFEST_NAME).exists():
        return packaged_bundle_path(str(named))
    return named


def load_bundle(directory: Path | None = None) -> Bundle:
    """Read and validate a bundle's manifest (the graphs are read, and their hashes checked, when they are used).

    Args:
        directory: The bundle's folder, or the name of one that ships with edgeact (`PACKAGED_BUNDLES`); None takes the
            default.

    Raises:
        BundleError: There is no manifest, or it is not valid; all faults are listed.
        BundleSchemaError: The manifest's schema version is not the one that this edgeact reads.
    """
    directory = _bundle_folder(directory)
    path = directory / MANIFEST_NAME
    try:
        content = read_regular(path, limit=_LARGEST_MANIFEST)
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read ({error.strerror}); --bundle takes "
            f"{' or '.join(PACKAGED_BUNDLES)}, or a folder with a {MANIFEST_NAME}"
        ) from error
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not JSON ({error}); copy the bundle again") from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if version is not None and version != SCHEMA_VERSION:
        remedy = (
            "update edgeact or use an older bundle"
            if isinstance(version, int) and version > SCHEMA_VERSION
            else "export the bundle again"
        )
        shown = version if isinstance(version, int) else f"of type {type(version).__name__}"
        raise BundleSchemaError(f"{path} has schema version {shown}, this edgeact reads {SCHEMA_VERSION}; {remedy}")
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'manifest'}: {fault['msg']}"
            for fault in error.errors()[:_MOST_FAULTS]
        )
        raise BundleError(
            f"{path} is not a valid manifest: {' '.join(faults.split())}; copy or export the bundle again"
        ) from error
    return Bundle(directory=directory, manifest=manifest, digest=hashlib.sha256(content).hexdigest())
