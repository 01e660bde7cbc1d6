"""Poses of bundles' graphs on data sets with joints: PCK by group and its curve (PCKh where heads are boxed), COCO's
AP, time beside accuracy, and the people whose joints lie farthest off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.errors import UsageError
from trainer.data.sample import FEWEST_JOINTS, Sample
from trainer.data.spread import spread
from trainer.evaluate.held_out_people import (
    FoundJoints,
    find_joints,
    held_out_people,
    joints_of,
    person_box,
)
from trainer.evaluate.metrics.oks import CocoPose, keypoint_precision
from trainer.evaluate.metrics.pckh import (
    AUC_THRESHOLDS,
    area_under,
    head_lengths,
    normalised_distances,
    pck_curve,
    pckh,
)
from trainer.evaluate.report.figure_names import CALL_TIME
from trainer.evaluate.report.findings import Chart, Curve, Figure, Findings, Strip
from trainer.evaluate.report.paper_figures import beside_paper, system_letter
from trainer.evaluate.worst_poses import farthest, mean_errors, worst_poses

_SHOWN_PEOPLE = 15  # whose joints lie farthest off, of each bundle


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
    people, split = held_out_people(name, root)
    chosen = spread(people, limit)
    if not chosen:
        raise UsageError(f"{root} holds no person with joints out; give the whole set")
    lengths = choose_lengths(chosen, joints_of(name))
    figures: list[Figure] = []
    curves, points, worst = [], [], []
    for bundle in bundles:
        if bundle.plan.persons is None:
            raise UsageError(f"bundle {bundle.manifest.name} looks at no single persons; give one that finds joints")
        of, found = bundle.manifest.name, find_joints(bundle, chosen, joints_of(name), progress=progress)
        rows = [joints_of(name).index(joint) for joint in found.names]
        wanted = np.stack([sample.joints[0, 0] for sample in chosen])[:, rows]
        distances = normalised_distances(found.places, wanted, lengths.pixels)
        shares, curve = pckh(distances, found.names, threshold=lengths.threshold), pck_curve(distances)
        # A share that is not finite is of joints that the set does not label.
        letter, measured_on = system_letter(bundle.manifest.training), f"{name} {split}"
        figures += [
            beside_paper(letter, lengths.within(group), of, share, measured_on=measured_on)
            for group, share in shares.items()
            if np.isfinite(share)
        ]
        figures.append(Figure(f"area under {lengths.metric} to .5", of, area_under(curve)))
        if name == "coco":
            precision = keypoint_precision(*_coco_poses(chosen, found))
            figures += [Figure(f"{key}, own boxes", of, precision[key]) for key in ("AP", "AP50", "AP75")]
        figures.append(Figure(CALL_TIME, of, found.milliseconds, unit="ms"))
        curves.append(Curve(of, AUC_THRESHOLDS, tuple(curve)))
        points.append(Curve(of, (found.milliseconds,), (shares["mean"],)))
        errors = mean_errors(distances, lengths.threshold)
        note = (
            "Green is as labelled, orange as found. Below each person stands the mean distance of the joints in "
            f"{lengths.unit}; a joint farther off than {farthest(lengths.threshold):g} counts as that."
        )
        pictures = worst_poses(chosen, found, wanted, errors, _SHOWN_PEOPLE)
        worst.append(Strip(f"Joints farthest off: {of}", pictures, note))
    said = (
        "data",
        f"{name}, {len(chosen)} people with {FEWEST_JOINTS} labelled joints or more of the part {split}, each in the "
        "box of the labels",
    )
    charts = (
        Chart(f"{lengths.metric} by threshold", "threshold", "joints right", tuple(curves)),
        Chart(
            "Speed and accuracy",
            "ms a person, one thread",
            lengths.within("mean"),
            tuple(points),
            joined=False,
            marked=True,
        ),
    )
    title = f"{', '.join(bundle.manifest.name for bundle in bundles)} on {name}"
    return Findings(title, (*facts, said), tuple(figures), charts=charts, worst=tuple(worst))


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """What the distances of joints are divided by.

    Attributes:
        pixels: ``(N,)`` of each person; 0 where unknown.
        unit: Such as ``head lengths``.
        metric: Name of the share of joints that lie within a threshold.
        threshold: In these lengths.
    """

    pixels: np.ndarray
    unit: str
    metric: str
    threshold: float

    def within(self, group: str) -> str:
        """The name of a figure: metric, threshold and a group of joints."""
        return f"{self.metric}@{self.threshold:g}, {group}"


def choose_lengths(samples: Sequence[Sample], joints: Sequence[str]) -> Lengths:
    """Choose what the distances of joints are divided by: head lengths where every head is boxed, else torso lengths.

    Args:
        samples: Each of one person.
        joints: Names of the data set's joints.
    """
    if all(sample.head_boxes is not None for sample in samples):
        heads = np.stack([sample.head_boxes[0, 0] for sample in samples])
        return Lengths(head_lengths(heads), "head lengths", "PCKh", 0.5)
    wanted = np.stack([sample.joints[0, 0] for sample in samples])
    sides = [
        np.linalg.norm(wanted[:, joints.index(f"{side}_shoulder")] - wanted[:, joints.index(f"{side}_hip")], axis=-1)
        for side in ("left", "right")
    ]
    both = np.stack(sides)
    known = np.isfinite(both)
    torso = np.where(known, both, 0).sum(0) / np.maximum(known.sum(0), 1)
    return Lengths(torso, "torso lengths", "PCK of the torso", 0.2)


def _coco_poses(samples: Sequence[Sample], found: FoundJoints) -> tuple[list[CocoPose], list[CocoPose]]:
    pictures = list(dict.fromkeys(sample.source for sample in samples))
    true, ours = [], []
    for row, sample in enumerate(samples):
        joints = np.concatenate([np.nan_to_num(sample.joints[0, 0]), sample.visibility[0, 0][:, None]], 1)
        x_min, y_min, x_max, y_max = (float(edge) for edge in person_box(sample))
        area = float(sample.masks().sum()) if sample.masks is not None else (x_max - x_min) * (y_max - y_min)
        picture = pictures.index(sample.source)
        true.append(CocoPose(picture, joints, area, box=(x_min, y_min, x_max, y_max)))
        said = np.concatenate([found.places[row], np.ones((len(found.names), 1))], 1)
        ours.append(CocoPose(picture, said, area, score=float(found.confidence[row].mean())))
    return true, ours
