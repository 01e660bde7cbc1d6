"""Look at a user's recordings before they are trained on: what cannot be read, labels, duplicates, balance.

A folder holds classes (`trainer.data.class_folder`), or splits (``train``, ``validation``, ``test``) that hold classes.
Duplicates are found by a perceptual hash of pictures (`trainer.data.splits.difference_hash_of`): a clip in another size
or encoding is still the same.
"""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from edgeact.capture.open import open_source
from edgeact.errors import EdgeactError, SourceFormatError, UsageError
from edgeact.geometry import letterbox
from trainer.data.class_folder import OTHER_CLASS, ClassClip, check_several_classes
from trainer.data.class_input import read_classes
from trainer.data.labelled_stretch import Stretch
from trainer.data.splits import difference_hash_of

SPLITS = ("train", "validation", "val", "test")
_NEAR_BITS = 16  # of 256 in which the hashes of one picture may differ: another size or encoder moves less than ten
_TILE = (128, 96)  # width and height on the sheet
_TILES = 8  # of a class
_FEW_CLIPS = 10
_UNEVEN = 5  # times as many clips as another class has
_ALIKE = 0.85  # of `difflib`: kick and kicks, hand_shake and handshake


@dataclass(frozen=True, slots=True, eq=False)
class SeenClip:
    """A clip that was read to its end.

    Attributes:
        clip: Which one.
        split: Which part of the folder it lies in; empty where there are no splits.
        seconds: How long it is.
        hashes: ``(3, 256)`` bool of its first, middle and last picture.
        tile: ``(96, 128, 3)`` uint8 RGB, its middle picture.
    """

    clip: ClassClip
    split: str
    seconds: float
    hashes: np.ndarray
    tile: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class FolderCheck:
    """What was found.

    Attributes:
        clips: Those that can be read.
        unreadable: The others, with the reason.
        duplicates: Pairs of the same clip, with what is wrong about it.
        labels: Faults of classes and their names.
        remarks: What makes a training worse, but is no fault.
    """

    clips: tuple[SeenClip, ...]
    unreadable: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    @property
    def faults(self) -> int:
        """How many things should be put right."""
        return len(self.unreadable) + len(self.duplicates) + len(self.labels)


def check_folder(
    folder: Path, *, progress: Callable[[Sequence[tuple[str, ClassClip]], str], Sequence[tuple[str, ClassClip]]]
) -> FolderCheck:
    """Read every clip of a folder, and compare them all.

    Args:
        folder: With classes, splits that hold classes, corrections of the window, or exports of CVAT or COCO.
        progress: Gives the clips back one after the other, and shows how far it is.

    Raises:
        SourceNotFoundError: The folder has no clips.
    """
    parts = [path for path in sorted(folder.glob("*")) if path.is_dir() and path.name.casefold() in SPLITS]
    listed: list[tuple[str, ClassClip]] = []
    labels: list[str] = []
    remarks: list[str] = []
    for part in parts or [folder]:
        try:
            found = read_classes(part)
            check_several_classes(found, part)
        except UsageError as error:
            labels.append(str(error))
            continue
        listed += [(part.name if parts else "", clip) for clip in found.clips]
        remarks += found.notes
    seen, unreadable = [], []
    for split, clip in progress(listed, "reading clips"):
        try:
            seen.append(_look(clip, split))
        except EdgeactError as error:
            unreadable.append(f"{clip.path}: {error}")
    return FolderCheck(
        tuple(seen),
        tuple(unreadable),
        tuple(_duplicates(seen)),
        (*labels, *_label_faults(seen)),
        (*remarks, *_imbalance(seen)),
    )


def _look(clip: ClassClip, split: str) -> SeenClip:
    """Read a clip to its end.

    Raises:
        EdgeactError: It cannot be read.
    """
    hashes, tiles, last, first = [], [], 0.0, None
    with open_source(clip.path) as source:
        for frame in source.frames():
            if clip.part is not None and not clip.part.first <= frame.index <= clip.part.last:
                continue
            picture = frame.image if clip.part is None else _cut(frame.image, clip.part, frame.index)
            hashes.append(difference_hash_of(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)))
            # Of a clip of unknown length the middle is found at the end: tiles are small, a few a second are kept.
            if len(hashes) % 8 == 1:
                tiles.append(letterbox(picture, width=_TILE[0], height=_TILE[1]))
            first, last = frame.time if first is None else first, frame.time
    if not hashes:
        raise SourceFormatError(f"{clip.path} holds no picture; record it again")
    chosen = np.stack([hashes[0], hashes[len(hashes) // 2], hashes[-1]])
    return SeenClip(clip, split, last - (first or 0.0), chosen, tiles[len(tiles) // 2])


def _cut(image: np.ndarray, part: Stretch, frame: int) -> np.ndarray:
    """What the labelled person's box shows; all of the picture where the box lies outside."""
    x_min, y_min, x_max, y_max = np.round(part.box_at(np.array([frame]))[0]).astype(int)
    cut = image[max(y_min, 0) : max(y_max, 0), max(x_min, 0) : max(x_max, 0)]
    return np.ascontiguousarray(cut) if min(cut.shape[:2]) > 1 else image


def _duplicates(seen: Sequence[SeenClip]) -> list[str]:
    """Pairs whose three pictures are the same, and why that is a fault."""
    if not seen:
        return []
    signs = np.stack([clip.hashes for clip in seen]).astype(np.float32) * 2 - 1  # (n, 3, 256)
    distance = np.stack([(256 - signs[:, k] @ signs[:, k].T) / 2 for k in range(3)]).max(0)
    found = []
    for one, other in zip(*np.nonzero(np.triu(distance <= _NEAR_BITS, 1)), strict=True):
        first, second = seen[one], seen[other]
        if first.clip.still != second.clip.still or first.clip.path == second.clip.path:
            continue
        if first.clip.label != second.clip.label:
            why = f"labelled {first.clip.label} and {second.clip.label}"
        elif first.split != second.split:
            why = f"in {first.split} and in {second.split}"
        elif first.clip.source != second.clip.source:
            why = f"of the sources {first.clip.source} and {second.clip.source}"
        else:
            why = "twice in one source"
        found.append(f"{first.clip.path} and {second.clip.path} are the same, {why}")
    return found


def _label_faults(seen: Sequence[SeenClip]) -> list[str]:
    labels = sorted({clip.clip.label for clip in seen})
    faults = [
        f"{one!r} and {other!r} may be one class: their names are nearly the same"
        for number, one in enumerate(labels)
        for other in labels[number + 1 :]
        if difflib.SequenceMatcher(None, _bare(one), _bare(other)).ratio() >= _ALIKE
    ]
    splits = sorted({clip.split for clip in seen})
    for label in labels if len(splits) > 1 else []:
        missing = [split for split in splits if not any(c.clip.label == label and c.split == split for c in seen)]
        if missing:
            faults.append(f"{label!r} is missing in {', '.join(missing)}")
    return faults


def _bare(label: str) -> str:
    return "".join(character for character in label.casefold() if character.isalnum())


def _imbalance(seen: Sequence[SeenClip]) -> list[str]:
    counts = {label: number for label, (number, _, _) in class_counts(seen).items()}
    remarks = [
        f"{label!r} has {number} clips; ten or more are better"
        for label, number in counts.items()
        if number < _FEW_CLIPS
    ]
    if counts and max(counts.values()) >= _UNEVEN * min(counts.values()):
        most, least = max(counts, key=lambda label: counts[label]), min(counts, key=lambda label: counts[label])
        remarks.append(f"{most!r} has {counts[most]} clips and {least!r} {counts[least]}: the rare class is heard less")
    if counts and OTHER_CLASS not in counts:
        remarks.append(f"there is no class {OTHER_CLASS!r}: clips of what people do besides keep false alarms away")
    return remarks


def class_counts(seen: Sequence[SeenClip]) -> dict[str, tuple[int, int, float]]:
    """Clips, sources and seconds of each class."""
    labels = sorted({clip.clip.label for clip in seen})
    by_label = {label: [clip for clip in seen if clip.clip.label == label] for label in labels}
    return {
        label: (len(clips), len({clip.clip.source for clip in clips}), sum(clip.seconds for clip in clips))
        for label, clips in by_label.items()
    }


def draw_sheet(seen: Sequence[SeenClip]) -> np.ndarray:
    """A row of pictures for each class, evenly over its clips: ``(H, W, 3)`` uint8 RGB. ASCII only can be drawn."""
    width, height = _TILE
    rows = []
    for label in class_counts(seen):
        clips = [clip for clip in seen if clip.clip.label == label]
        chosen = [clips[number] for number in np.linspace(0, len(clips) - 1, min(len(clips), _TILES)).astype(int)]
        row = np.full((height + 18, width * _TILES, 3), 255, np.uint8)
        caption = f"{label} ({len(clips)})".encode("ascii", "replace").decode()
        cv2.putText(row, caption, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
        row[18:, : width * len(chosen)] = np.concatenate([clip.tile for clip in chosen], 1)
        rows.append(row)
    return np.concatenate(rows)
