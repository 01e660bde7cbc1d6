"""The people of a user's own clips, found by the detector, tracker and pose network of a bundle.

What was found of a file is kept beside the training, so that a second training looks at new files only.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.bundle.load import Bundle
from edgeact.capture.open import open_source
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.errors import BackendError, EdgeactError, OutputError, SourceFormatError, UsageError
from edgeact.perception.perceiver import Perceiver
from edgeact.skeleton import BODY_21
from trainer.data.action_sequences import JointSequence
from trainer.data.class_folder import ClassClip
from trainer.data.labelled_stretch import Stretch, overlap
from trainer.inputs.action_clip import CLIP_STRIDE_SECONDS, common_joints
from trainer.precomputed.found_tracks import SHORTEST_TRACK_FRAMES

# The clip network reads a frame every fifteenth of a second: more frames cost time and tell it nothing.
_RATE = round(1 / CLIP_STRIDE_SECONDS)
_SHORTEST_SECONDS = SHORTEST_TRACK_FRAMES / 30  # of a track in a clip; a passer-by is seen for less
# The detector looks five times a second: more often than in use, so that nobody of the few clips is missed.
_CONFIG = PipelineConfig(detect_every=3)
_SAME_PERSON = 0.3  # mean overlap of a labelled box and a track's; people draw boxes wider than detectors do
_KEPT_VERSION = 2  # of the files in which tracks are kept

Span: TypeAlias = tuple[int, int | None]  # first and last frame that is looked at; None: to the end


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person of a clip, a fifteenth of a second apart.

    Attributes:
        joints: ``(T, 13, 3)`` x, y in pixels, confidence.
        boxes: ``(T, 4)`` x_min, y_min, x_max, y_max in pixels.
        frames: ``(T,)`` the frames of the file that they are of.
    """

    joints: np.ndarray
    boxes: np.ndarray
    frames: np.ndarray

    @property
    def prominence(self) -> float:
        """How long and how large the person is seen: frames times the median height in pixels."""
        return len(self.joints) * float(np.median(np.ptp(self.joints[..., 1], axis=1)) + 1e-3)

    def within(self, part: Stretch) -> "Track":
        """What of it lies in a stretch; perhaps nothing."""
        rows = (self.frames >= part.first) & (self.frames <= part.last)
        return Track(self.joints[rows], self.boxes[rows], self.frames[rows])


@dataclass(frozen=True, slots=True, eq=False)
class FoundPeople:
    """People of all clips.

    Attributes:
        sequences: One a person, whose ``name`` is the clip's name, ``#`` and the person's number.
        unreadable: Clips that could not be read, with the reason.
        empty: Clips in which nobody was found, or nobody where the labelled person is.
    """

    sequences: tuple[JointSequence, ...]
    unreadable: tuple[str, ...]
    empty: tuple[str, ...]


def find_people(
    clips: Sequence[ClassClip],
    bundle: Bundle,
    kept: Path,
    *,
    people: int,
    progress: Callable[[Sequence[Any], str], Iterable[Any]],
) -> FoundPeople:
    """Look at every clip.

    Args:
        clips: Of all classes.
        bundle: Its detector and pose network find the people; its action network is not used.
        kept: Folder for what was found.
        people: At most so many of a clip, those who are seen longest and largest first; of a clip that says who is
            meant, that person only.
        progress: Gives files, with their clips, back one after the other, and shows how far it is.

    Raises:
        UsageError: The bundle does not find people, or their joints are not those that the clip network reads.
        BackendError: A network of the bundle failed.
        OutputError: What was found cannot be written.
    """
    kept.mkdir(parents=True, exist_ok=True)
    if bundle.plan.persons is None:
        raise UsageError(f"bundle {bundle.manifest.name} looks at no single persons; give one that finds people")
    if bundle.skeleton != BODY_21:
        raise UsageError(
            f"bundle {bundle.manifest.name} has the skeleton {bundle.skeleton.name}, the clip network reads "
            f"{BODY_21.name}; give another bundle"
        )
    sequences: list[JointSequence] = []
    unreadable, empty = [], []
    ordered = sorted(clips, key=lambda clip: str(clip.path))
    files = [list(group) for _, group in groupby(ordered, key=lambda clip: clip.path)]
    with Engine(without_actions(bundle)) as engine:
        for in_file in progress(files, "finding people"):
            try:
                found = kept_tracks(in_file, engine, kept)
            except (BackendError, OutputError):  # no clip's fault: it would be the same for all
                raise
            except EdgeactError as error:
                unreadable.append(f"{in_file[0].path}: {error}")
                continue
            for clip in in_file:
                tracks = choose_people(clip, found, people)
                if not tracks:
                    empty.append(clip.name)
                for number, track in enumerate(tracks):
                    lead = int((track.frames < clip.lead).sum())
                    name = f"{clip.name}#{number}"
                    sequences.append(
                        JointSequence(clip.source, "train", name, track.joints, _RATE, (clip.label,), lead)
                    )
    return FoundPeople(tuple(sequences), tuple(unreadable), tuple(empty))


def choose_people(clip: ClassClip, tracks: Sequence[Track], people: int) -> list[Track]:
    """Whom a clip is about: those who are seen longest and largest or, where it says who is meant, that person."""
    part = clip.part
    if part is None:
        return sorted(tracks, key=lambda track: -track.prominence)[:people]
    shortest = 1 if clip.still else int(_SHORTEST_SECONDS * _RATE)
    parts = [track.within(part) for track in tracks]
    parts = [track for track in parts if len(track.frames) >= shortest and track.frames[-1] >= clip.lead]
    meant = [(_likeness(track, part), track) for track in parts]
    same = [(likeness * len(track.frames), track) for likeness, track in meant if likeness >= _SAME_PERSON]
    return [max(same, key=lambda found: found[0])[1]] if same else []


def _likeness(track: Track, part: Stretch) -> float:
    """The mean overlap of a track and the labelled person."""
    boxes = part.box_at(track.frames)
    return float(np.mean([overlap(one, other) for one, other in zip(track.boxes, boxes, strict=True)]))


def without_actions(bundle: Bundle) -> Bundle:
    """The bundle's detector and pose network alone, to find people with."""
    return replace(bundle, plan=replace(bundle.plan, readers=(), explainers=(), manifest_heads=(), maps=()))


def kept_tracks(clips: Sequence[ClassClip], engine: Engine, kept: Path) -> list[Track]:
    """The tracks of a file: those found before, as long as the file, what is looked at and the bundle are the same.

    Args:
        clips: Of one file.
        engine: Finds people.
        kept: Folder for what was found; it must be there.

    Raises:
        EdgeactError: The file cannot be read, or a network failed.
    """
    path, spans = clips[0].path, spans_of(clips)
    state = path.stat()
    identity = (str(path.resolve()), state.st_size, state.st_mtime_ns, engine.bundle.digest, _KEPT_VERSION, spans)
    file = kept / f"{hashlib.sha256(repr(identity).encode()).hexdigest()[:24]}.json"
    if not file.exists():
        tracks = look_at(path, engine, still=clips[0].still, spans=spans)
        rows = [
            {"frames": t.frames.tolist(), "boxes": t.boxes.round(2).tolist(), "joints": t.joints.round(3).tolist()}
            for t in tracks
        ]
        prepare_partial(file).write_text(json.dumps(rows), encoding="utf-8")
        publish(file)
    return [
        Track(np.array(row["joints"], np.float32), np.array(row["boxes"], np.float32), np.array(row["frames"]))
        for row in json.loads(file.read_text(encoding="utf-8"))
    ]


def spans_of(clips: Sequence[ClassClip]) -> tuple[Span, ...]:
    """What has to be looked at of a file for all its clips: parts that do not overlap, in order."""
    if any(clip.part is None for clip in clips):
        return ((0, None),)
    spans: list[tuple[int, int]] = []
    for first, last in sorted((clip.part.first, clip.part.last) for clip in clips if clip.part is not None):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return tuple(spans)


def look_at(path: Path, engine: Engine, *, still: bool = False, spans: Sequence[Span] = ((0, None),)) -> list[Track]:
    """The people of a file who are seen long enough, in the order in which they were found.

    Args:
        path: Video, image or folder of images.
        engine: Finds people.
        still: Whether it is a single image.
        spans: Which frames are looked at; each begins anew.

    Raises:
        EdgeactError: The file cannot be read, has less frames than it should, or a network failed.
    """
    config = _CONFIG.model_copy(update={"confirm_hits": 1}) if still else _CONFIG
    shortest = 0.0 if still else _SHORTEST_SECONDS
    tracks: list[Track] = []
    waiting = list(spans)
    with open_source(path, every=1 if still else _every(path)) as source:
        perceiver, seen = None, _Seen({})
        for frame in source.frames():
            while waiting and waiting[0][1] is not None and frame.index > waiting[0][1]:
                tracks += seen.tracks(shortest)
                perceiver, seen = None, _Seen({})
                waiting.pop(0)
            if not waiting:
                break
            if frame.index >= waiting[0][0]:
                perceiver = perceiver or Perceiver(engine, config, source=str(path))
                for person in perceiver.process(frame).observation.persons:
                    joints = np.concatenate([person.pose.joints, person.pose.confidence[:, None]], 1)
                    seen.note(person.track_id, frame.time, frame.index, np.array(person.box), joints)
        tracks += seen.tracks(shortest)
        if waiting and waiting[-1][1] is not None and waiting[-1][1] >= source.decoded_frames:
            raise SourceFormatError(
                f"the labels speak of frame {waiting[-1][1]}, but it has {source.decoded_frames} frames; put the file "
                "that was labelled there, not a cut or converted one"
            )
    return tracks


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Who was seen in a part of a file: time, frame, box and joints by track."""

    rows: dict[int, list[tuple[float, int, np.ndarray, np.ndarray]]]

    def note(self, track: int, time: float, frame: int, box: np.ndarray, joints: np.ndarray) -> None:
        self.rows.setdefault(track, []).append((time, frame, box, joints))

    def tracks(self, shortest: float) -> list[Track]:
        return [_regular(rows) for rows in self.rows.values() if rows[-1][0] - rows[0][0] >= shortest]


def _every(path: Path) -> int:
    """Use every n-th frame only, so that at least `_RATE` a second are left."""
    with open_source(path) as source:
        rate = source.info.frame_rate
    return max(int(rate / _RATE), 1) if rate else 1


def _regular(rows: list[tuple[float, int, np.ndarray, np.ndarray]]) -> Track:
    """Joints and boxes at even times: of each moment the nearest frame's."""
    times = np.array([time for time, *_ in rows])
    moments = np.arange(times[0], times[-1] + CLIP_STRIDE_SECONDS / 2, CLIP_STRIDE_SECONDS)
    nearest = np.abs(times[None] - moments[:, None]).argmin(1)
    frames, boxes, joints = (np.stack([row[part] for row in rows])[nearest] for part in (1, 2, 3))
    return Track(common_joints(joints), boxes.astype(np.float32), frames)
