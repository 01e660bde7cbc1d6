"""Load held-out people with labelled joints, and run a bundle's pose graph on them with the runtime's own crops."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.graph import Graph
from edgeact.geometry import invert_matrix, person_crop_matrix, transform_points, warp
from edgeact.skeleton import COCO_17
from trainer.data.read_picture import read_rgb
from trainer.data.sample import FEWEST_JOINTS, Sample, SampleSet, box_around
from trainer.data.sets.coco import read_coco_keypoints
from trainer.data.sets.lsp import LSP_JOINTS, read_lsp_extended
from trainer.data.sets.mpii import JOINTS as MPII_JOINTS
from trainer.data.sets.mpii import read_mpii
from trainer.data.splits import split_by_hash


@dataclass(frozen=True, slots=True, eq=False)
class FoundJoints:
    """Joints of N people as a bundle's pose graph predicts them.

    Attributes:
        names: Of the J joints that both the bundle and the data set have.
        places: ``(N, J, 2)`` x, y in pixels of the picture.
        confidence: ``(N, J)``, 0..1.
        milliseconds: Median time of a call with one person.
    """

    names: tuple[str, ...]
    places: np.ndarray
    confidence: np.ndarray
    milliseconds: float


def held_out_people(name: str, root: Path) -> tuple[list[Sample], str]:
    """Load the people of a set's held-out part. MPII does not publish the joints of its test part, so a hashed part
    of its labelled people is held out.

    Args:
        name: ``lspet``, ``mpii`` or ``coco``.
        root: Folder of the set.

    Returns:
        The people, and what part of the set they are.

    Raises:
        SourceNotFoundError, SourceFormatError: The set is missing or damaged.
    """
    samples = [sample for sample in _read(name, root).samples if sample.joints is not None]
    labelled = [sample for sample in samples if int(np.isfinite(sample.joints).all(-1).sum()) >= FEWEST_JOINTS]
    if name == "coco":
        return labelled, "val2017"
    return [sample for sample in labelled if split_by_hash(sample.picture.name) == "test"], "test by hash of the file"


def _read(name: str, root: Path) -> SampleSet:
    match name:
        case "lspet":
            return read_lsp_extended(root)
        case "mpii":
            return read_mpii(root)
        case _:
            return read_coco_keypoints(root, parts=("val",))


def joints_of(name: str) -> tuple[str, ...]:
    """Return the names of a data set's joints in the set's own order."""
    return {"lspet": LSP_JOINTS, "mpii": MPII_JOINTS}.get(name, COCO_17.joints)


def person_box(sample: Sample) -> np.ndarray:
    """Return the labelled box ``(4,)`` of a person, or one around the joints where no box is labelled."""
    return box_around(sample.joints[0, 0]) if sample.boxes is None else sample.boxes[0, 0]


def find_joints(bundle: Bundle, samples: Sequence[Sample], joints: Sequence[str], *, progress: Callable) -> FoundJoints:
    """Run a bundle's pose graph on the crop of each person.

    Args:
        bundle: It follows persons.
        samples: Each of one person in a picture.
        joints: Names of the data set's joints.
        progress: Gives the people one after the other and shows how far it is.

    Raises:
        BackendError: The graph failed.
    """
    spec, skeleton, padding = bundle.plan.pose, bundle.plan.skeleton, bundle.plan.crop.padding
    names = tuple(joint for joint in joints if joint in skeleton.joints)
    rows = [skeleton.index(joint) for joint in names]
    graph = Graph(bundle, spec)
    height, width = (int(size) for size in spec.inputs[0].shape[1:3])
    places, confidence, times = [], [], []
    for sample in progress(samples, bundle.manifest.name):
        matrix = person_crop_matrix(person_box(sample), width=width, height=height, padding=padding)
        crop = warp(read_rgb(sample.picture), matrix, width=width, height=height)
        began = time.perf_counter()
        outputs = graph.run(crop[None])
        times.append(time.perf_counter() - began)
        places.append(transform_points(outputs.of("joints")[0], invert_matrix(matrix))[rows])
        confidence.append(outputs.of("confidence")[0][rows])
    return FoundJoints(names, np.stack(places), np.stack(confidence), float(np.median(times)) * 1e3)
