"""Poses of bundles' graphs on data sets with joints: PCK by group and its curve (PCKh where heads are boxed), and
COCO's AP.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.graph import Graph
from edgeact.errors import UsageError
from edgeact.geometry import invert_matrix, person_crop_matrix, transform_points, warp
from edgeact.skeleton import COCO_17
from trainer.data.lspet import LSP_JOINTS
from trainer.data.read_picture import read_rgb
from trainer.data.sample import Picture, Sample, SampleSet
from trainer.data.sets.coco import read_coco_keypoints
from trainer.data.sets.lsp import read_lsp_extended
from trainer.data.sets.mpii import JOINTS as MPII_JOINTS
from trainer.data.sets.mpii import read_mpii
from trainer.data.splits import split_by_hash
from trainer.data.spread import spread
from trainer.evaluate.metrics.oks import CocoPose, keypoint_precision
from trainer.evaluate.metrics.pckh import (
    AUC_THRESHOLDS,
    area_under,
    head_lengths,
    normalised_distances,
    pck_curve,
    pckh,
)
from trainer.evaluate.report.findings import Chart, Curve, Figure, Findings

_FEWEST_JOINTS = 6  # of a person: of one who is hardly seen a graph can only guess
_MARGIN = 0.15  # around joints, where nobody boxed the person: a box drawn by a person is larger than the joints
_TORSO_THRESHOLD, _HEAD_THRESHOLD = 0.2, 0.5


def pose_findings(
    bundles: Sequence[Bundle],
    name: str,
    root: Path,
    facts: tuple[tuple[str, str], ...],
    *,
    limit: int | None,
    progress: Callable,
) -> Findings:
    """Measure the pose graphs of bundles.

    Args:
        bundles: Each must follow persons.
        name: ``lspet``, ``mpii`` or ``coco``.
        root: Folder of the set.
        facts: What the page says besides of bundles, day and machine.
        limit: At most so many people, evenly over all; None takes all.
        progress: Gives the people one after the other and shows how far it is.

    Raises:
        SourceNotFoundError, SourceFormatError: The set is missing or damaged.
        UsageError: A bundle follows no persons, or nobody is held out.
    """
    found, split = _held_out(name, root)
    chosen = spread(found, limit)
    if not chosen:
        raise UsageError(f"{root} holds no person with joints out; give the whole set")
    joints = _joints_of(name)
    figures: list[Figure] = []
    curves = []
    for bundle in bundles:
        if bundle.plan.persons is None:
            raise UsageError(f"bundle {bundle.manifest.name} looks at no single persons; give one that finds joints")
        names, places, confidence = predict(bundle, chosen, joints, progress=progress)
        wanted = np.stack([sample.joints[0, 0] for sample in chosen])[:, [joints.index(joint) for joint in names]]
        length, unit, threshold = normalisers(chosen, joints)
        distances = normalised_distances(places, wanted, length)
        of, curve = bundle.manifest.name, pck_curve(distances)
        for group, share in pckh(distances, names, threshold=threshold).items():
            if np.isfinite(share):  # the set labels such joints
                figures.append(Figure(f"{unit}@{threshold:g}, {group}", of, share))
        figures.append(Figure(f"area under {unit} to .5", of, area_under(curve)))
        curves.append(Curve(of, AUC_THRESHOLDS, tuple(curve)))
        if name == "coco":
            precision = keypoint_precision(*_coco_poses(chosen, names, places, confidence))
            figures += [Figure(f"{key}, own boxes", of, precision[key]) for key in ("AP", "AP50", "AP75")]
    said = (
        "data",
        f"{name}, {len(chosen)} people with {_FEWEST_JOINTS} labelled joints or more of the part {split}, each in the "
        "box of the labels",
    )
    chart = Chart(f"{unit} by threshold", "threshold", "joints right", tuple(curves))
    title = f"{', '.join(bundle.manifest.name for bundle in bundles)} on {name}"
    return Findings(title, (*facts, said), tuple(figures), charts=(chart,))


def _read(name: str, root: Path) -> SampleSet:
    match name:
        case "lspet":
            return read_lsp_extended(root)
        case "mpii":
            return read_mpii(root)
        case _:
            return read_coco_keypoints(root, parts=("val",))


def _joints_of(name: str) -> tuple[str, ...]:
    return {"lspet": LSP_JOINTS, "mpii": MPII_JOINTS}.get(name, COCO_17.joints)


def _held_out(name: str, root: Path) -> tuple[list[Sample], str]:
    """People with joints that nothing of ours was trained on: MPII publishes none of its test people's joints."""
    samples = [sample for sample in _read(name, root).samples if sample.joints is not None]
    labelled = [sample for sample in samples if int(np.isfinite(sample.joints).all(-1).sum()) >= _FEWEST_JOINTS]
    if name == "coco":
        return labelled, "val2017"
    return [sample for sample in labelled if split_by_hash(_file(sample).name) == "test"], "test by hash of the file"


def _file(sample: Sample) -> Path:
    assert isinstance(sample.media, Picture)
    return sample.media.path


def person_box(sample: Sample) -> np.ndarray:
    """The box of the labels, or one around the joints: ``(4,)``."""
    if sample.boxes is not None:
        return sample.boxes[0, 0]
    joints = sample.joints[0, 0]
    low, high = np.nanmin(joints, 0), np.nanmax(joints, 0)
    margin = _MARGIN * float((high - low).max())
    return np.concatenate([low - margin, high + margin]).astype(np.float32)


def predict(
    bundle: Bundle, samples: Sequence[Sample], joints: Sequence[str], *, progress: Callable
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Run a bundle's pose graph on the crop of each person.

    Returns:
        Names of the J joints that both the bundle and the data set have, their places ``(N, J, 2)`` x, y in pixels of
        the picture, and their confidence ``(N, J)``, 0..1.
    """
    spec, skeleton, padding = bundle.plan.pose, bundle.plan.skeleton, bundle.plan.crop.padding
    names = tuple(joint for joint in joints if joint in skeleton.joints)
    rows = [skeleton.index(joint) for joint in names]
    graph = Graph(bundle, spec)
    height, width = (int(size) for size in spec.inputs[0].shape[1:3])
    places, confidence = [], []
    for sample in progress(samples, bundle.manifest.name):
        matrix = person_crop_matrix(person_box(sample), width=width, height=height, padding=padding)
        crop = warp(read_rgb(_file(sample)), matrix, width=width, height=height)
        outputs = graph.run(crop[None])
        places.append(transform_points(outputs.of("joints")[0], invert_matrix(matrix))[rows])
        confidence.append(outputs.of("confidence")[0][rows])
    return names, np.stack(places), np.stack(confidence)


def normalisers(samples: Sequence[Sample], joints: Sequence[str]) -> tuple[np.ndarray, str, float]:
    """Choose what the distances of joints are divided by: head lengths where every head is boxed, else torso lengths.

    Returns:
        The length ``(N,)`` of each person in pixels, the name of the metric, and its threshold.
    """
    if all(sample.head_boxes is not None for sample in samples):
        heads = np.stack([sample.head_boxes[0, 0] for sample in samples])
        return head_lengths(heads), "PCKh", _HEAD_THRESHOLD
    wanted = np.stack([sample.joints[0, 0] for sample in samples])
    sides = [
        np.linalg.norm(wanted[:, joints.index(f"{side}_shoulder")] - wanted[:, joints.index(f"{side}_hip")], axis=-1)
        for side in ("left", "right")
    ]
    both = np.stack(sides)
    known = np.isfinite(both)
    total = np.where(known, both, 0).sum(0)
    return total / np.maximum(known.sum(0), 1), "PCK of the torso", _TORSO_THRESHOLD


def _coco_poses(
    samples: Sequence[Sample], names: Sequence[str], places: np.ndarray, confidence: np.ndarray
) -> tuple[list[CocoPose], list[CocoPose]]:
    pictures = list(dict.fromkeys(sample.source for sample in samples))
    true, found = [], []
    for row, sample in enumerate(samples):
        joints = np.concatenate([np.nan_to_num(sample.joints[0, 0]), sample.visibility[0, 0][:, None]], 1)
        x_min, y_min, x_max, y_max = (float(edge) for edge in person_box(sample))
        area = float(sample.masks().sum()) if sample.masks is not None else (x_max - x_min) * (y_max - y_min)
        picture = pictures.index(sample.source)
        true.append(CocoPose(picture, joints, area, box=(x_min, y_min, x_max, y_max)))
        said = np.concatenate([places[row], np.ones((len(names), 1))], 1)
        found.append(CocoPose(picture, said, area, score=float(confidence[row].mean())))
    return true, found
