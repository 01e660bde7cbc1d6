"""What a frozen backbone sees of a person as paper A's streams look at people: whole, with attention, head and hands.

The streams' pictures are those of `trainer.models.body_part_aware`. Their joints come from a bundle's pose graph, and
one backbone, which does not learn, looks at all of them; its mean features are kept on disk, a file for each action.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from edgeact.atomic import prepare_partial, publish
from edgeact.bundle.load import Bundle
from edgeact.engine.engine import Engine
from edgeact.geometry import person_crop_matrix, transform_points, warp
from edgeact.perception.pose import PoseEstimator
from edgeact.skeleton import BODY_21, MPII_16
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import PERSON_PADDING
from trainer.data.read_picture import read_rgb
from trainer.half_precision import half_where_native
from trainer.inputs.batch import MISSING
from trainer.layers.part_crops import part_squares
from trainer.layers.pixels import to_range
from trainer.targets import gaussian_maps

VIEWS = ("image", "attention", "head", "right hand", "left hand")
_MPII = [BODY_21.index(name) for name in MPII_16.joints]
_STRIDE = 4  # of the heat maps, as the paper's network has them
_BATCH = 4  # people


def stream_pictures(image: np.ndarray, box: np.ndarray, joints: np.ndarray, *, side: int) -> np.ndarray:
    """Cut a person and three parts out of an image: ``(4, side, side, 3)`` uint8 RGB, in the order whole person, head,
    right hand, left hand.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        box: ``(4,)`` of the person in pixels.
        joints: ``(16, 2)`` of MPII in pixels, of which the squares of the parts follow (eq. 2).
        side: In pixels.
    """
    squares = part_squares(torch.from_numpy(np.asarray(joints, np.float32))[None])[0].numpy()
    matrices = [person_crop_matrix(box, width=side, height=side, padding=PERSON_PADDING)]
    matrices += [person_crop_matrix(square, width=side, height=side, padding=1.0) for square in squares]
    return np.stack([warp(image, matrix, width=side, height=side) for matrix in matrices])


def attention_of(box: np.ndarray, joints: np.ndarray, confidence: np.ndarray, *, side: int, least: float) -> np.ndarray:
    """A of I∘(1 + A) (eq. 1) over a person's picture, the highest heat of any joint: ``(side, side)`` float32 in 0..1.

    The paper learns which joints count in which colour; here all count alike.

    Args:
        box: ``(4,)`` of the person in pixels.
        joints: ``(16, 2)`` in pixels.
        confidence: ``(16,)`` of each joint.
        side: Of the picture in pixels.
        least: Joints of less confidence have no heat.
    """
    matrix = person_crop_matrix(box, width=side, height=side, padding=PERSON_PADDING)
    seen = np.where(confidence[:, None] >= least, transform_points(joints, matrix), MISSING)
    cells = side // _STRIDE
    heat = gaussian_maps(torch.from_numpy(seen.astype(np.float32))[None], height=cells, width=cells, stride=_STRIDE)
    whole = functional.interpolate(heat.amax(1, keepdim=True), size=(side, side), mode="bilinear", align_corners=False)
    return whole[0, 0].numpy()


def stream_features(
    backbone: nn.Module,
    samples: Sequence[LabelledSample],
    bundle: Bundle,
    side: int,
    kept: Path,
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> np.ndarray:
    """Mean features ``(N, 5, C)`` float32 of each person, in the order of `VIEWS`, from disk where they are.

    Args:
        backbone: In evaluation mode, with a ``pixel_range``: pictures → its last map.
        samples: With boxes, those of one action one after the other.
        bundle: Whose pose graph finds the joints.
        side: Of the pictures in pixels.
        kept: Folder of what was computed before.
        progress: Gives the actions one after the other and shows how far it is.

    Raises:
        SourceNotFoundError, SourceFormatError: A picture is missing or damaged.
        BackendError: The pose graph failed.
        OutputError: The folder cannot be written to.
    """
    kept.mkdir(parents=True, exist_ok=True)
    actions = [list(part) for _, part in groupby(samples, key=lambda sample: sample.label)]
    found = []
    with Engine(bundle) as engine:
        estimator = PoseEstimator(engine)
        for part in progress(actions, "features of streams"):
            path = kept / f"{part[0].label}_{side}_{_identity(backbone, bundle, part)}.npy"
            if not path.is_file():
                features = _look(backbone, part, estimator, bundle.plan.joint_confidence, side)
                with prepare_partial(path).open("wb") as file:
                    np.save(file, features)
                publish(path)
            found.append(np.load(path))
    return np.concatenate(found)


@torch.no_grad()
def _look(
    backbone: nn.Module, samples: Sequence[LabelledSample], estimator: PoseEstimator, least: float, side: int
) -> np.ndarray:
    features = []
    for start in range(0, len(samples), _BATCH):
        pictures = []
        for sample in samples[start : start + _BATCH]:
            assert sample.box is not None
            image = read_rgb(sample.path)
            pose = estimator.estimate(image, np.asarray(sample.box, np.float32)[None]).features[0, _MPII]
            squares = stream_pictures(image, sample.box, pose[:, :2], side=side)
            seen = to_range(torch.from_numpy(squares), backbone.pixel_range)
            heat = torch.from_numpy(attention_of(sample.box, pose[:, :2], pose[:, 2], side=side, least=least))
            pictures.append(torch.cat([seen[:1], seen[:1] * (1 + heat), seen[1:]]))
        batch = torch.cat(pictures).contiguous(memory_format=torch.channels_last)
        with half_where_native():
            maps = backbone(batch)
        features.append(maps.float().mean((2, 3)).unflatten(0, (-1, len(VIEWS))).numpy())
    return np.concatenate(features)


def _identity(backbone: nn.Module, bundle: Bundle, samples: Sequence[LabelledSample]) -> str:
    """Of weights, bundle, names and boxes."""
    digest = hashlib.sha256(bundle.digest.encode())
    for name, value in sorted(backbone.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    digest.update(repr([(sample.path.name, sample.box) for sample in samples]).encode())
    return digest.hexdigest()[:16]
