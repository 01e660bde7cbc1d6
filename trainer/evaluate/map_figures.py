"""How well a bundle's attention maps point at those who act: pointing game, hit point, Acc2 and MaxBoxAcc.

Of pictures the data set's boxes count, of clips those of the people whom the default bundle finds, because the sets of
clips have none. A map that has learnt nothing, high in the middle of the picture, is measured beside them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec
from edgeact.engine.graph import Graph
from edgeact.geometry import letterbox_matrix, letterbox_size, transform_box
from edgeact.perception.pictures import picture_size
from trainer.data.labelled_samples import LabelledSample
from trainer.data.read_picture import read_rgb
from trainer.data.spread import spread
from trainer.evaluate.attention_strips import mapping_graph, maps_of
from trainer.evaluate.cut_clips import cut_clips
from trainer.evaluate.held_out import HeadAnswers, Progress, picture_of
from trainer.evaluate.metrics.map_boxes import (
    CLIP_OVERLAPS,
    COARSE_THRESHOLDS,
    IMAGE_OVERLAPS,
    best_overlap,
    classified_box_accuracy,
    hits,
    max_box_accuracy,
    over_largest,
)
from trainer.evaluate.metrics.pointing_game import TOLERANCE, pointing_accuracy, points_at
from trainer.evaluate.report.figure_names import ACC2, HIT_POINT, MAX_BOX, POINTING
from trainer.precomputed.class_people import Track
from trainer.precomputed.clip_people import row_of

BLOB = "a blob in the middle, which has learnt nothing"
_MOST_MAPS = 300  # pictures or frames of clips, evenly over all: the search over thresholds takes time
_TOLERANCE_OF = 500  # pixels of the pictures that the pointing game's tolerance is for


@dataclass(frozen=True, slots=True, eq=False)
class LocatedMap:
    """An attention map of a picture or frame, with the boxes of those who act.

    Attributes:
        values: ``(H, W)`` float32, 0..1, over the picture that the graph was given.
        boxes: ``(G, 4)`` float32 of those who act, in pixels of it.
        label: The true action.
        is_right: Whether the head called it.
    """

    values: np.ndarray
    boxes: np.ndarray
    label: int
    is_right: bool


def locate_in_pictures(
    bundle: Bundle, found: HeadAnswers, samples: Sequence[LabelledSample], *, progress: Progress
) -> dict[str, list[LocatedMap]]:
    """The maps of a head of whole pictures, by the name of the map; empty where it has none or nobody is boxed.

    Raises:
        BackendError: A graph failed.
    """
    spec = mapping_graph(bundle, found.graph)
    rows = spread([row for row, sample in enumerate(samples) if sample.box is not None], _MOST_MAPS)
    if spec is None or spec.scope != "scene" or not rows:
        return {}
    graph, located = Graph(bundle, spec), _empty(spec)
    for row in progress(rows, f"{bundle.manifest.name}: maps"):
        sample = samples[row]
        outputs = graph.run(picture_of(sample, spec)[None])
        height, width = read_rgb(sample.path).shape[:2]
        maps = {tensor.name: outputs.named[tensor.name][0] for tensor in maps_of(spec)}
        _add(located, maps, spec, (width, height), np.asarray(sample.box)[None], _judged(found, row, sample))
    return located


def locate_in_clips(
    bundle: Bundle,
    found: HeadAnswers,
    samples: Sequence[LabelledSample],
    find_people: Callable[[Sequence[LabelledSample]], Sequence[Sequence[Track]]],
    *,
    progress: Progress,
) -> dict[str, list[LocatedMap]]:
    """The maps of a head of clips of whole frames, by name: those of the clip in the middle of each video, in its
    frames in which people are found.

    Args:
        bundle: Of the head.
        found: Its answers.
        samples: Videos.
        find_people: Finds the people in videos.
        progress: Gives the samples one after the other and shows how far it is.

    Raises:
        BackendError: A graph failed.
    """
    spec = mapping_graph(bundle, found.graph)
    if spec is None:
        return {}
    rows = spread(range(len(samples)), _MOST_MAPS // spec.clip.length)
    people = find_people([samples[row] for row in rows])
    graph, located = Graph(bundle, spec), _empty(spec)
    for row, tracks in zip(progress(rows, f"{bundle.manifest.name}: maps"), people, strict=True):
        cut = cut_clips(samples[row], spec)
        middle = len(cut.clips) // 2
        outputs = graph.run(cut.clips[middle])
        for moment, frame in enumerate(cut.frames[middle]):
            boxes = [track.boxes[at] for track in tracks if (at := row_of(track, int(frame))) is not None]
            if boxes:
                maps = {tensor.name: outputs.named[tensor.name][0][moment] for tensor in maps_of(spec)}
                _add(located, maps, spec, cut.size, np.stack(boxes), _judged(found, row, samples[row]))
    return located


def map_measures(located: Sequence[LocatedMap], *, clips: bool) -> dict[str, float]:
    """Pointing game, hit point, Acc2 and MaxBoxAcc of one kind of map, each 0..1.

    Args:
        located: At least one.
        clips: Whether they are of clips, of which paper C asks for smaller overlaps.
    """
    labels = np.array([one.label for one in located])
    tolerance = TOLERANCE * max(located[0].values.shape) / _TOLERANCE_OF
    points = np.array([points_at(one.values, one.boxes, tolerance=tolerance) for one in located])
    touching = [any(hits(one.values, box) for box in one.boxes) for one in located]
    overlaps = [best_overlap(one.values, one.boxes, thresholds=COARSE_THRESHOLDS) for one in located]
    wanted = CLIP_OVERLAPS if clips else IMAGE_OVERLAPS
    maps, boxes = [one.values for one in located], [one.boxes for one in located]
    largest = max_box_accuracy(maps, boxes, wanted, thresholds=COARSE_THRESHOLDS)
    return {
        POINTING: pointing_accuracy(points, labels),
        HIT_POINT: float(np.mean(touching)),
        ACC2: classified_box_accuracy(overlaps, [one.is_right for one in located], [0.5])[0.5],
        MAX_BOX: float(np.mean(list(largest.values()))),
    }


def _judged(found: HeadAnswers, row: int, sample: LabelledSample) -> tuple[int, bool]:
    label = -1 if sample.label is None else sample.label
    return label, int(found.probability[row].argmax()) == label


def _empty(spec: GraphSpec) -> dict[str, list[LocatedMap]]:
    return {name: [] for name in (*(tensor.name for tensor in maps_of(spec)), BLOB)}


def _add(
    located: dict[str, list[LocatedMap]],
    maps: dict[str, np.ndarray],
    spec: GraphSpec,
    size: tuple[int, int],
    boxes: np.ndarray,
    judged: tuple[int, bool],
) -> None:
    width, height = picture_size(spec.inputs[0])
    placed = transform_box(boxes, letterbox_matrix(*size, width=width, height=height))
    blob = np.zeros((height, width), np.float32)
    columns, rows = letterbox_size(*size, width=width, height=height)
    blob[:rows, :columns] = _blob(columns, rows)
    for name, values in {**maps, BLOB: blob}.items():
        whole = cv2.resize(np.asarray(values, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        located[name].append(LocatedMap(over_largest(np.maximum(whole, 0)), placed, *judged))


def _blob(width: int, height: int) -> np.ndarray:
    """A map ``(H, W)``, 1 in its middle and down to 0 at its edges."""
    across, down = (1 - np.abs(np.linspace(-1, 1, count)) for count in (width, height))
    return np.minimum(down[:, None], across[None])
