"""Pictures and clips with whatever their data set says of them, and batches of them for the tasks of the papers."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch

from edgeact.capture.open import open_source
from edgeact.errors import SourceNotFoundError
from edgeact.geometry import letterbox, letterbox_matrix, person_crop_matrix, warp
from edgeact.skeleton import MPII_16
from trainer.data.action_sequences import read_groups
from trainer.data.appearance import shift_colours
from trainer.data.lspet import lspet_people
from trainer.data.read_picture import read_rgb
from trainer.data.sample import Sample, Video
from trainer.data.sets.lsp import LSP_JOINTS
from trainer.data.sets.stanford40 import read_stanford40
from trainer.data.sets.ut_interaction import read_ut_interaction
from trainer.data.splits import Split, split_by_hash
from trainer.data.spread import spread
from trainer.inputs.batch import MISSING, Batch

View = Literal["frame", "person"]
# A person's crop is the box grown by a quarter, as the graphs of one person are given it at run time.
PERSON_PADDING = 1.25

_GREY = 114  # of what lies outside a picture, as `letterbox` fills it
_JOINTS = len(MPII_16.joints)
_KEPT_FRAMES = 48  # of a clip, evenly over it: what a clip of 16 is drawn from
_SHORTEST_PART = 2 / 3  # of a clip that is drawn
# Left and right of MPII's joints change places in a mirrored picture.
MIRROR = [
    MPII_16.joints.index(name.replace("left", "#").replace("right", "left").replace("#", "right"))
    for name in MPII_16.joints
]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSample:
    """One picture or clip.

    Attributes:
        path: Of the file.
        split: ``train``, or what is measured on.
        label: Number of the action; None where nobody said, or where there may be several.
        box: ``(4,)`` of the person in pixels; None where nobody said.
        joints: ``(16, 2)`` x, y in pixels in the order of MPII, −1 where nobody said; None where nobody said any.
        actions: ``(A,)`` int64, 1 for each action that is done and 0 for the others, in sets where somebody may do
            several at once; None in others.
        depth: ``(16,)`` metres that joints lie farther from the camera than the pelvis, NaN where nobody said; None
            where nobody said any.
    """

    path: Path
    split: Split
    label: int | None = None
    box: np.ndarray | None = None
    joints: np.ndarray | None = None
    actions: np.ndarray | None = None
    depth: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a picture is changed before it is trained on.

    Attributes:
        flip: Whether every other one is mirrored.
        rotation: Degrees to either side.
        zoom: The size changes by up to this ratio to either side.
        pose_rotation: Degrees to either side of pictures with joints; None turns them as all others.
        colour_shift: Each colour of a picture, 0..1, is raised to a power that differs from 1 by up to this.
    """

    flip: bool = True
    rotation: float = 0.0
    zoom: float = 0.0
    pose_rotation: float | None = None
    colour_shift: float = 0.0


def stanford40(root: Path) -> tuple[list[LabelledSample], tuple[str, ...]]:
    """Stanford 40's pictures with action and box, and the names of the actions.

    The official layout (``ImageSplits`` …) has the official parts. Of the packed one (``labels.csv``), which has
    training photos alone, a hashed fifth is held out (``validation``).

    Raises:
        SourceNotFoundError, SourceFormatError: Neither is there, or it is damaged.
    """
    if (root / "ImageSplits").is_dir():
        whole = read_stanford40(root)
        return [_of(sample) for sample in whole.samples], whole.actions
    index = root / "labels.csv"
    if not index.is_file():
        raise SourceNotFoundError(f"{index} not found; give the folder of the data sets with --data")
    with index.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = tuple(sorted({row["action"] for row in rows}))
    samples = []
    for row in rows:
        x, y, width, height = (float(row[key]) for key in ("x", "y", "w", "h"))
        split = "test" if row["split"] == "test" else split_by_hash(row["file"], validation=20, test=0)
        box = np.array([x, y, x + width, y + height], np.float32)
        samples.append(LabelledSample(root / "images" / row["file"], split, names.index(row["action"]), box))
    return samples, names


def measured_split(samples: Sequence[LabelledSample]) -> Split:
    """The split that a set is measured on: ``test``, or ``validation`` where no sample is of ``test``."""
    return "test" if any(sample.split == "test" for sample in samples) else "validation"


def _of(sample: Sample) -> LabelledSample:
    """Convert a picture's sample: its first action and its first person's box are kept."""
    assert sample.split is not None
    box = None if sample.boxes is None else sample.boxes[0, 0]
    return LabelledSample(sample.picture, sample.split, sample.actions[0] if sample.actions else None, box)


def lspet_poses(root: Path) -> list[LabelledSample]:
    """The people of LSP extended in the order of MPII's joints; a hashed twentieth is held out.

    Raises:
        SourceNotFoundError, SourceFormatError: ``joints.mat`` is missing or damaged.
    """
    rows = [MPII_16.joints.index(name) for name in LSP_JOINTS]
    samples = []
    for person in lspet_people(root):
        joints = np.full((_JOINTS, 2), MISSING, np.float32)
        joints[rows] = np.where(np.isfinite(person.joints[0, 0]), person.joints[0, 0], np.float32(MISSING))
        split = split_by_hash(person.picture.name, validation=5, test=0)
        samples.append(LabelledSample(person.picture, split, None, person.boxes[0, 0], joints))
    return samples


def ut_interaction(root: Path) -> tuple[list[LabelledSample], tuple[str, ...]]:
    """UT-Interaction's clips of six actions; the sequences that nothing of ours is trained on are ``test``.

    The official layout (``segmented_set1`` …) and the packed one (``index.csv``) are read.

    Raises:
        SourceNotFoundError: Neither is there.
    """
    if any(root.glob("segmented_set*")):
        whole = read_ut_interaction(root)
        return [_clip_of(sample) for sample in whole.samples], whole.actions
    if not (root / "index.csv").is_file():
        raise SourceNotFoundError(f"{root / 'index.csv'} not found; give the folder of the data sets with --data")
    groups = {name: found for name, found in read_groups(root, "index.csv").items() if found[0] != "none"}
    names = tuple(sorted({label for label, _ in groups.values()}))
    return [
        LabelledSample(root / "clips" / name, split, names.index(label)) for name, (label, split) in groups.items()
    ], names


def _clip_of(sample: Sample) -> LabelledSample:
    """Convert the sample of a video that shows one action."""
    assert isinstance(sample.media, Video)
    assert sample.split is not None
    assert sample.actions
    return LabelledSample(sample.media.path, sample.split, sample.actions[0])


def picture_batch(
    samples: Sequence[LabelledSample],
    size: int,
    rng: np.random.Generator | None,
    change: Augmentation,
    *,
    view: View = "frame",
) -> Batch:
    """Pictures as squares of a size, placed as at run time, with what is known of them.

    Args:
        samples: The pictures, in order.
        size: Side in pixels.
        rng: Draws the changes; None leaves the pictures as they are, for measuring.
        change: What may be drawn.
        view: Of the whole picture, or of the person whose box there is; without a box it is the whole picture.
    """
    pixels, boxes, joints, depth = [], [], [], []
    for sample in samples:
        image = read_rgb(sample.path)
        mirrored = rng is not None and change.flip and rng.random() < 0.5
        box = sample.box if view == "person" else None
        turned = change.rotation
        if sample.joints is not None and change.pose_rotation is not None:
            turned = change.pose_rotation
        matrix = _matrix(
            image.shape[1], image.shape[0], box, size, rng, zoom=change.zoom, rotation=turned, mirrored=mirrored
        )
        square = _pixels(image, matrix, size, grey=box is None, changed=rng is not None)
        pixels.append(shift_colours(square, rng, change.colour_shift) if rng and change.colour_shift else square)
        boxes.append(np.full(4, np.nan, np.float32) if sample.box is None else _moved_box(sample.box, matrix))
        joints.append(_moved_joints(sample.joints, matrix, mirrored=mirrored))
        known = np.full(_JOINTS, np.nan, np.float32) if sample.depth is None else sample.depth
        depth.append(known[MIRROR] if mirrored else known)
    return Batch(
        torch.from_numpy(np.stack(pixels)),
        torch.from_numpy(_labels(samples)),
        torch.from_numpy(np.stack(boxes).astype(np.float32)),
        torch.from_numpy(np.stack(joints).astype(np.float32)),
        torch.from_numpy(np.stack(depth)) if any(sample.depth is not None for sample in samples) else None,
    )


def _labels(samples: Sequence[LabelledSample]) -> np.ndarray:
    """Return class labels ``(N,)`` int64, or multi-label targets ``(N, A)`` of 0 and 1; `MISSING` where unlabelled."""
    several = next((sample.actions for sample in samples if sample.actions is not None), None)
    if several is None:
        return np.array([MISSING if sample.label is None else sample.label for sample in samples], np.int64)
    unknown = np.full_like(several, MISSING)
    return np.stack([unknown if sample.actions is None else sample.actions for sample in samples])


def _pixels(image: np.ndarray, matrix: np.ndarray, size: int, *, grey: bool, changed: bool) -> np.ndarray:
    """The square of a picture; grey lies around whole pictures and black around crops, as at run time."""
    if not grey:
        return warp(image, matrix.astype(np.float32), width=size, height=size)
    if not changed:
        return letterbox(image, width=size, height=size)
    return cv2.warpAffine(image, matrix, (size, size), borderValue=(_GREY, _GREY, _GREY))


def _matrix(
    width: int,
    height: int,
    box: np.ndarray | None,
    size: int,
    rng: np.random.Generator | None,
    *,
    zoom: float,
    rotation: float,
    mirrored: bool,
) -> np.ndarray:
    """Pixels of a picture → pixels of the square, turned, zoomed and mirrored about its middle: ``(2, 3)``."""
    if box is None:
        matrix = letterbox_matrix(width, height, width=size, height=size)
    else:
        matrix = person_crop_matrix(box, width=size, height=size, padding=PERSON_PADDING)
    scale, angle = 1.0, 0.0
    if rng is not None:
        scale = 1 + float(rng.uniform(-zoom, zoom))
        angle = float(np.deg2rad(rng.uniform(-rotation, rotation)))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn = np.diag([-1.0, 1.0]) @ turn
    middle = np.full(2, (size - 1) / 2)
    return np.concatenate([turn @ matrix[:, :2], (turn @ (matrix[:, 2] - middle) + middle)[:, None]], 1)


def _moved_box(box: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    corners = np.array([[box[x], box[y], 1.0] for x in (0, 2) for y in (1, 3)]) @ matrix.T
    return np.concatenate([corners.min(0), corners.max(0)])


def _moved_joints(joints: np.ndarray | None, matrix: np.ndarray, *, mirrored: bool) -> np.ndarray:
    if joints is None:
        return np.full((_JOINTS, 2), MISSING, np.float32)
    known = (joints != MISSING).any(1)
    moved = np.where(known[:, None], np.concatenate([joints, np.ones((_JOINTS, 1))], 1) @ matrix.T, MISSING)
    return moved[MIRROR] if mirrored else moved


@dataclass(frozen=True, slots=True, eq=False)
class ReadClip:
    """The frames of a clip, read into memory.

    Attributes:
        frames: ``(T, size, size, 3)`` uint8 RGB, even over the clip.
        seconds: From the first frame to the last.
        filmed: How many frames the clip has as it was filmed.
    """

    frames: np.ndarray
    seconds: float
    filmed: int


def read_clips(samples: Sequence[LabelledSample], size: int, *, every: int | None = None) -> list[ReadClip]:
    """Read clips as square frames, evenly spaced over each clip.

    Args:
        samples: The clips.
        size: Side in pixels.
        every: One frame of so many is kept; None keeps at most `_KEPT_FRAMES`.
    """
    clips = []
    for sample in samples:
        with open_source(sample.path) as source:
            seen = [(frame.time, letterbox(frame.image, width=size, height=size)) for frame in source.frames()]
        kept = _KEPT_FRAMES if every is None else -(-len(seen) // every)
        chosen = [image for _, image in spread(seen, kept)]
        clips.append(ReadClip(np.stack(chosen), seen[-1][0] - seen[0][0], len(seen)))
    return clips


def clip_frames(count: int, frames: int) -> list[int]:
    """Which of a clip's frames, from 0, `read_clips` and `clip_batch` measure with.

    Args:
        count: Frames of the clip.
        frames: How many are drawn.
    """
    kept = spread(range(count), _KEPT_FRAMES)
    return [kept[row] for row in np.linspace(0, len(kept) - 1, frames).round().astype(int)]


def drawn_parts(filmed: int, frames: int, steps: tuple[int, int]) -> np.ndarray:
    """Return the share of a clip that each temporal sub-sampling factor covers (paper E, 4.2.3: "temporal subsampling
    by a factor from 3 to 10"); a clip that is too short for a factor is used whole.

    Args:
        filmed: Frames of the clip.
        frames: How many are drawn.
        steps: The smallest and the largest factor.

    Returns:
        ``(steps,)`` ratios of the clip's length, 0..1.
    """
    factors = np.arange(steps[0], steps[1] + 1)
    return np.minimum(factors * (frames - 1) / max(filmed - 1, 1), 1.0)


def clip_stride(clips: Sequence[ReadClip], frames: int, steps: tuple[int, int] | None = None) -> float:
    """Return the median time step in seconds between two frames that `clip_batch` draws, for a draw of mean length.

    Args:
        clips: The clips that are drawn from.
        frames: How many frames are drawn of a clip.
        steps: As for `drawn_parts`; None where at least two thirds of each clip are drawn.
    """
    whole = (1 + _SHORTEST_PART) / 2
    drawn = [
        clip.seconds * (whole if steps is None else float(drawn_parts(clip.filmed, frames, steps).mean()))
        for clip in clips
    ]
    return float(np.median(drawn)) / max(frames - 1, 1)


def clip_batch(
    clips: Sequence[np.ndarray],
    labels: Sequence[int],
    frames: int,
    rng: np.random.Generator | None,
    *,
    flip: bool,
    parts: Sequence[np.ndarray] | None = None,
    colour_shift: float = 0.0,
    zoom: float = 0.0,
) -> Batch:
    """So many even frames of each clip.

    Args:
        clips: ``(T, H, W, 3)`` uint8 RGB each.
        labels: Their actions.
        frames: Of a clip.
        rng: Draws which part of a clip is taken, and how it is changed; None takes all of it as it is.
        flip: Whether every other one is mirrored.
        parts: Of each clip the ratios of its length that may be drawn; None draws at least two thirds.
        colour_shift: As of `Augmentation`; one draw for all frames of a clip.
        zoom: The size changes by up to this ratio, and the place by up to half of it.
    """
    drawn = []
    for number, clip in enumerate(clips):
        first, last = 0.0, len(clip) - 1.0
        if rng is not None:
            length = last * float(rng.uniform(_SHORTEST_PART, 1) if parts is None else rng.choice(parts[number]))
            first = float(rng.uniform(0, last - length))
            last = first + length
        chosen = clip[np.linspace(first, last, frames).round().astype(int)]
        chosen = chosen[:, :, ::-1] if rng is not None and flip and rng.random() < 0.5 else chosen
        chosen = shift_colours(chosen, rng, colour_shift) if rng and colour_shift else chosen
        drawn.append(_zoomed(chosen, rng, zoom) if rng and zoom else chosen)
    count = len(drawn)
    return Batch(
        torch.from_numpy(np.ascontiguousarray(np.stack(drawn))),
        torch.tensor(list(labels)),
        torch.full((count, 4), torch.nan),
        torch.full((count, _JOINTS, 2), float(MISSING)),
    )


def _zoomed(frames: np.ndarray, rng: np.random.Generator, zoom: float) -> np.ndarray:
    """Apply one random zoom and shift to all frames ``(T, H, W, 3)``; border pixels are replicated."""
    height, width = frames.shape[1:3]
    scale = 1 + float(rng.uniform(-zoom, zoom))
    middle = np.array([width - 1, height - 1]) / 2
    shift = rng.uniform(-zoom / 2, zoom / 2, 2) * (width, height) + (1 - scale) * middle
    matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
    changed = [
        cv2.warpAffine(np.ascontiguousarray(frame), matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        for frame in frames
    ]
    return np.stack(changed)
