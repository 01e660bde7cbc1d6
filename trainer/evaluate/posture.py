"""Who lies: postures of the rules, and the rule "lying for a time", beside the official frame labels of UR Fall.

The labels (−1 not lying, 0 falling or in between, 1 lying on the ground) train nothing and chose nothing: the limits of
`edgeact.rules.posture` were set before. What is measured are the frames that ``edgeact annotate`` wrote of the clips
of the front camera; frames in between count for neither side.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from edgeact.batch.names import FRAMES_SUFFIX
from edgeact.errors import SourceNotFoundError
from edgeact.rules.camera_rules import CameraRules, Rule
from edgeact.rules.conditions import InPosture
from edgeact.rules.seen import Seen, look
from edgeact.sinks.jsonl import read_frames, read_header
from edgeact.skeleton import SKELETONS, Skeleton
from edgeact.types import Frame, Observation, Person, Pose
from trainer.evaluate.wild.report import Table

LYING, UNKNOWN = 1, 0  # in between is as good as unknown
RULE_SECONDS = (0.5, 1.0)  # the clips end two or three seconds after the fall: ten seconds cannot be measured on them
_NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)  # the rule has no schedule


@dataclass(frozen=True, slots=True)
class LabelledSequence:
    """A sequence of UR Fall: its name, whether it is dark, and the official labels by frame, from 0; some have none."""

    name: str
    is_dark: bool
    labels: dict[int, int]

    @property
    def is_fall(self) -> bool:
        """Whether somebody falls in it."""
        return self.name.startswith("fall")


@dataclass(frozen=True, slots=True)
class SequenceOutcome:
    """What was seen of a sequence.

    Attributes:
        sequence: The labelled clip.
        frames: Label, whether somebody was found whose posture is known, and whether somebody lies; a frame each.
        told: By seconds of the rule: when its first event was told, in seconds of the clip; None without one.
        lying_since: Seconds of the clip at the first frame that is labelled as lying; None without one.
    """

    sequence: LabelledSequence
    frames: tuple[tuple[int, bool, bool], ...]
    told: dict[float, float | None]
    lying_since: float | None


def read_sequences(folder: Path) -> list[LabelledSequence]:
    """The sequences of the front camera.

    Args:
        folder: ``urfd_clips`` of the data sets.

    Raises:
        SourceNotFoundError: A file is missing.
    """
    labels: dict[str, dict[int, int]] = {}
    dark = {row["sequence"]: row["light"] == "dark" for row in _rows(folder / "index.csv") if row["cam"] == "0"}
    for row in _rows(folder / "frames_cam0.csv"):
        labels.setdefault(row["sequence"], {})[int(row["frame"]) - 1] = int(row["posture"])
    return [LabelledSequence(name, dark.get(name, False), found) for name, found in sorted(labels.items())]


def measure_posture(
    folder: Path, results: Path, *, confidence: float, progress: Callable[[Sequence[Any], str], Iterable[Any]]
) -> list[SequenceOutcome]:
    """Compare what was seen with the labels.

    Args:
        folder: ``urfd_clips`` of the data sets.
        results: What ``edgeact annotate`` wrote of its clips.
        confidence: Joints under it do not count; the bundle's.
        progress: Shows how far it is.

    Raises:
        SourceNotFoundError: A file is missing.
    """
    return [
        measure_sequence(sequence, results / f"{sequence.name}-cam0{FRAMES_SUFFIX}", confidence=confidence)
        for sequence in progress(read_sequences(folder), "sequences")
    ]


def measure_sequence(sequence: LabelledSequence, path: Path, *, confidence: float) -> SequenceOutcome:
    """Compare the frames of one clip with its labels.

    Args:
        sequence: Its labels.
        path: The frames that ``edgeact annotate`` wrote, perhaps of each n-th frame.
        confidence: Joints under it do not count.

    Raises:
        SourceNotFoundError: There is no such file.
    """
    header = read_header(path)
    skeleton, frames = SKELETONS[header["skeleton"]["name"]], []
    size = (int(header["source"]["height"]), int(header["source"]["width"]))
    rules = {seconds: _rule(seconds) for seconds in RULE_SECONDS}
    told: dict[float, float | None] = dict.fromkeys(RULE_SECONDS)
    lying_since = None
    for record in read_frames(path):
        label, seen = sequence.labels.get(record["index"], UNKNOWN), _seen(record, size, skeleton, confidence)
        if label == LYING and lying_since is None:
            lying_since = record["time"]
        postures = [person.posture for person in seen.persons if person.posture is not None]
        frames.append((label, bool(postures), "lying" in postures))
        for seconds, rule in rules.items():
            if rule.take(seen, _NOON) and told[seconds] is None:
                told[seconds] = seen.time
    return SequenceOutcome(sequence, tuple(frames), told, lying_since)


def posture_tables(outcomes: Sequence[SequenceOutcome]) -> list[Table]:
    """Frames by precision and recall, and events by falls found, delay and false ones."""
    groups = {
        "falls": [one for one in outcomes if one.sequence.is_fall],
        "daily life, lit": [one for one in outcomes if not one.sequence.is_fall and not one.sequence.is_dark],
        "daily life, dark": [one for one in outcomes if not one.sequence.is_fall and one.sequence.is_dark],
        "all": list(outcomes),
    }
    frames = tuple((name, *_frame_cells(group)) for name, group in groups.items())
    events = tuple(
        (f"{name}, {seconds:g} s", *_event_cells(group, seconds))
        for name, group in groups.items()
        for seconds in RULE_SECONDS
    )
    return [
        Table(
            "Lying, frame by frame",
            ("sequences", "frames", "lying", "precision", "recall", "recall where a posture was seen"),
            frames,
        ),
        Table(
            "The rule: lying for so long",
            ("sequences", "with a lying person", "told", "seconds from lying to the event (median, worst)", "false"),
            events,
        ),
    ]


def _frame_cells(group: Sequence[SequenceOutcome]) -> tuple[str, ...]:
    frames = [frame for one in group for frame in one.frames if frame[0] != UNKNOWN]
    lying = [frame for frame in frames if frame[0] == LYING]
    said = [frame for frame in frames if frame[2]]
    right = sum(frame[2] for frame in lying)
    seen = sum(frame[1] for frame in lying)
    return (
        str(len(frames)),
        str(len(lying)),
        _share(right, len(said)),
        _share(right, len(lying)),
        _share(right, seen),
    )


def _event_cells(group: Sequence[SequenceOutcome], seconds: float) -> tuple[str, ...]:
    with_lying = [one for one in group if one.lying_since is not None]
    delays = [
        told - one.lying_since
        for one in with_lying
        if (told := one.told[seconds]) is not None and one.lying_since is not None
    ]
    false = sum(one.told[seconds] is not None for one in group if one.lying_since is None)
    delay = f"{np.median(delays):.2f}, {max(delays):.2f}" if delays else ""
    return str(len(with_lying)), str(len(delays)), delay, f"{false} of {len(group) - len(with_lying)}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} % ({part}/{whole})" if whole else ""


def _rule(seconds: float) -> CameraRules:
    rule = Rule("down", InPosture("lying"), for_seconds=seconds)
    return CameraRules("clip", [rule], zones={}, lines={}, zone=ZoneInfo("UTC"))


def _seen(record: dict[str, Any], size: tuple[int, int], skeleton: Skeleton, confidence: float) -> Seen:
    """A line of ``edgeact annotate`` as the rules see its frame; the picture itself is not needed."""
    persons = []
    for person in record["persons"]:
        joints = np.asarray(person["joints"], np.float32)
        pose = Pose(joints[:, :2], joints[:, 2])
        persons.append(Person(person["track"], np.asarray(person["box"], np.float32), person["score"], pose))
    picture = np.zeros((*size, 3), np.uint8)
    frame = Frame(record["index"], record["time"], picture, record["epoch"])
    return look(Observation(frame, tuple(persons)), skeleton=skeleton, confidence=confidence)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise SourceNotFoundError(f"{path} not found; give the folder of the data sets with --data") from error
