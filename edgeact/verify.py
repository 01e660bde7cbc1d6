"""Checks a bundle as the machine that will run it: hashes, what graphs take and give, and what they make of pictures.

Pictures of the demo clip go the way of a video's frames: the detector's boxes are cut out for the pose graph, its
joints and features become the clips of the graphs that read them, and whole pictures and crops those of the others.
Each graph runs in a process of its own (see `edgeact.trial`).
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import edgeact
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME, FreeDimension, GraphSpec, TensorSpec
from edgeact.bundle.plan import Plan
from edgeact.capture.open import open_source
from edgeact.engine.base import Array
from edgeact.errors import EdgeactError
from edgeact.geometry import (
    invert_matrix,
    letterbox,
    letterbox_matrix,
    person_crop_matrix,
    transform_box,
    transform_points,
    warp,
)
from edgeact.perception.pictures import person_picture, picture_size, scene_picture
from edgeact.trial import Limits, Trial, try_graph
from edgeact.types import Float32, UInt8

_CARD_NAME = "MODEL_CARD.md"
_PICTURES, _PICTURE_STEP = 8, 16  # every sixteenth frame of the demo clip: people come, go and turn in them
_SCENE_SIZES: tuple[Mapping[FreeDimension, int], ...] = (
    {"H": 256, "W": 416},
    {"H": 416, "W": 256},
)  # where they may vary

# Generous: sound graphs take milliseconds, but TensorRT compiles a graph for minutes when it opens it.
CPU_LIMITS, GPU_LIMITS = Limits(seconds=60), Limits(seconds=900)


@dataclass(frozen=True, slots=True)
class GraphCheck:
    """Result of checking one graph: ``fault`` is None when the check passed, ``seconds`` times the second run."""

    graph: GraphSpec
    size: int
    provider: str
    seconds: float
    fault: EdgeactError | None


def verify_bundle(
    directory: Path | None = None, *, device: str = "cpu", limits: Limits | None = None
) -> tuple[Bundle, list[GraphCheck], list[str]]:
    """Check every graph of a bundle.

    Args:
        directory: The bundle's folder; None takes the one that ships with edgeact.
        device: See `open_graph`.
        limits: What each graph may take; None takes `CPU_LIMITS` or `GPU_LIMITS`.

    Returns:
        The bundle, a check a graph, and the names of files that the manifest does not know.

    Raises:
        BundleError: The manifest cannot be used at all, or its graphs do not fit together.
    """
    bundle = load_bundle(directory)
    known = {MANIFEST_NAME, _CARD_NAME, *(graph.file for graph in bundle.manifest.graphs)}
    unknown = sorted(name for name in os.listdir(bundle.directory) if name not in known)  # noqa: PTH208 - names only
    unknown = [name if name.isprintable() else ascii(name) for name in unknown]
    check = _Check(bundle, device, limits or (CPU_LIMITS if device == "cpu" else GPU_LIMITS))
    check.all(bundle.plan, _demo_pictures())
    return bundle, [check.found[graph.name] for graph in bundle.manifest.graphs], unknown


class _Check:
    """The checks of one bundle: ``found`` holds them by the graph's name."""

    def __init__(self, bundle: Bundle, device: str, limits: Limits) -> None:
        self._bundle, self._device, self._limits = bundle, device, limits
        self.found: dict[str, GraphCheck] = {}

    def all(self, plan: Plan, pictures: Sequence[UInt8]) -> None:
        """Try the graphs one after the other; one that fails leaves the next with less likely inputs."""
        boxes: list[Float32] = []
        seen: dict[str, Float32] = {}
        if plan.persons is not None:
            (boxes, *_) = [self._detect(graph, pictures) for graph in plan.detectors]
            seen = self._pose(plan.pose, pictures, boxes)
        for graph in plan.readers:
            arrays = [self._input(graph, tensor, pictures, boxes, seen) for tensor in graph.inputs]
            several = [np.stack([array, array[::-1] if graph.clip else array]) for array in arrays]
            takes_batches = graph.inputs[0].shape[0] == "N"
            self._try(graph, [[array[None] for array in arrays], *([several] if takes_batches else [])])
        for graph in (explainer.graph for explainer in plan.explainers):
            self._try(graph, [[self._input(graph, tensor, pictures, boxes, seen)[None] for tensor in graph.inputs]])

    def _input(
        self,
        graph: GraphSpec,
        tensor: TensorSpec,
        pictures: Sequence[UInt8],
        boxes: Sequence[Float32],
        seen: Mapping[str, Float32],
    ) -> Array:
        """What a graph is given of the demo clip, without the batch."""
        if tensor.meaning in ("poses", "features"):
            return _as_clip(seen[tensor.meaning], 1 if graph.clip is None else graph.clip.length)
        size, crop = picture_size(tensor), graph.crop
        if graph.scope == "scene" or crop is None:
            seen_pictures = [scene_picture(picture, size)[0] for picture in pictures]
        else:
            seen_pictures = [
                person_picture(picture, box, size, padding=crop.padding)[0]
                for picture, box in zip(pictures, boxes, strict=True)
            ]
        return seen_pictures[0] if graph.clip is None else _as_clip(np.stack(seen_pictures), graph.clip.length)

    def _try(self, graph: GraphSpec, arrays: Sequence[Sequence[Array]]) -> Trial | None:
        """Try a graph on each set of its inputs, and note what came of it."""
        path = self._bundle.directory / graph.file
        size = path.lstat().st_size if path.exists() else 0
        inputs = [
            {tensor.name: np.ascontiguousarray(array) for tensor, array in zip(graph.inputs, of_run, strict=True)}
            for of_run in arrays
        ]
        try:
            trial = try_graph(self._bundle, graph, inputs, device=self._device, limits=self._limits)
        except EdgeactError as error:
            self.found[graph.name] = GraphCheck(graph, size, "–", 0.0, error)
            return None
        self.found[graph.name] = GraphCheck(graph, size, trial.provider, trial.seconds, None)
        return trial

    def _detect(self, graph: GraphSpec, pictures: Sequence[UInt8]) -> list[Float32]:
        """A box ``(4,)`` a picture: the most likely person's, or the whole picture where there is none."""
        scenes, matrices = [], []
        for index, picture in enumerate(pictures):
            free = _SCENE_SIZES[index % len(_SCENE_SIZES)]
            height, width = (size if isinstance(size, int) else free[size] for size in graph.inputs[0].shape[1:3])
            scenes.append(letterbox(picture, width=width, height=height)[None])
            matrices.append(letterbox_matrix(picture.shape[1], picture.shape[0], width=width, height=height))
        boxes = [np.array([0, 0, image.shape[1], image.shape[0]], np.float32) for image in pictures]
        trial = self._try(graph, [[scene] for scene in scenes])
        for index, outputs in enumerate(trial.outputs if trial is not None else ()):
            scores = _named(graph, outputs, "scores")[0]
            best = int(scores.argmax())
            box = _named(graph, outputs, "boxes")[0, best]
            if scores[best] >= self._bundle.plan.detection.score and (box[2:] - box[:2] >= 1).all():
                boxes[index] = transform_box(box, invert_matrix(matrices[index]))
        return boxes

    def _pose(self, graph: GraphSpec, pictures: Sequence[UInt8], boxes: Sequence[Float32]) -> dict[str, Float32]:
        """Of the person in each picture the pose ``(n, J, 3)``, x and y in its pixels and confidence; and features
        ``(n, …)`` where the graph gives them.
        """
        height, width = (int(size) for size in graph.inputs[0].shape[1:3])
        padding = self._bundle.plan.crop.padding
        matrices = [person_crop_matrix(box, width=width, height=height, padding=padding) for box in boxes]
        crops = np.stack(
            [warp(image, matrix, width=width, height=height) for image, matrix in zip(pictures, matrices, strict=True)]
        )
        trial = self._try(graph, [[crops[:1]], [crops[1:]]])  # a batch of one, and one of several
        features = graph.output("features")
        if trial is None:
            rng = np.random.default_rng(0)
            shape = () if features is None else tuple(int(size) for size in features.shape[1:])
            return {
                "poses": rng.uniform(0, 1, (len(crops), len(self._bundle.skeleton.joints), 3)).astype(np.float32),
                "features": rng.uniform(0, 1, (len(crops), *shape)).astype(np.float32),
            }
        joints = np.concatenate([_named(graph, outputs, "joints") for outputs in trial.outputs])
        confidence = np.concatenate([_named(graph, outputs, "confidence") for outputs in trial.outputs])
        places = [
            transform_points(found, invert_matrix(matrix)) for found, matrix in zip(joints, matrices, strict=True)
        ]
        seen = {"poses": np.concatenate([np.stack(places), confidence[..., None]], axis=-1).astype(np.float32)}
        if features is not None:
            found = [np.asarray(outputs[features.name], np.float32) for outputs in trial.outputs]
            seen["features"] = np.concatenate(found)
        return seen


def _named(graph: GraphSpec, outputs: Mapping[str, Array], meaning: str) -> Array:
    return next(outputs[tensor.name] for tensor in graph.outputs if tensor.meaning == meaning)


def _as_clip(seen: Array, length: int) -> Array:
    """Stretch n frames ``(n, …)`` to a clip ``(length, …)``: frames are repeated, or left out, at even distances."""
    return np.asarray(seen[np.linspace(0, len(seen) - 1, length).astype(int)])


def _demo_pictures() -> list[UInt8]:
    path = Path(edgeact.__file__).parent / "assets" / "demo.mp4"
    pictures: list[UInt8] = []
    with open_source(path, every=_PICTURE_STEP) as source:
        for frame in source.frames():
            pictures.append(frame.image)
            if len(pictures) == _PICTURES:
                break
    return pictures
