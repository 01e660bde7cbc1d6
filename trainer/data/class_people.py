"""The people of a user's own clips, found by the detector, tracker and pose network of a bundle.

What was found of a clip is kept beside the training, so that a second training looks at new clips only.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.bundle.load import Bundle
from edgeact.capture.open import open_source
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.errors import BackendError, EdgeactError, OutputError, UsageError
from edgeact.perception.perceiver import Perceiver
from edgeact.skeleton import BODY_21
from trainer.data.action_sequences import JointSequence
from trainer.data.class_folder import ClassClip
from trainer.data.tracks import SHORTEST_TRACK_FRAMES
from trainer.models.edge_action import CLIP_STRIDE_SECONDS, common_joints

# The clip network reads a frame every fifteenth of a second: more frames cost time and tell it nothing.
_RATE = round(1 / CLIP_STRIDE_SECONDS)
_SHORTEST_SECONDS = SHORTEST_TRACK_FRAMES / 30  # of a track in a clip; a passer-by is seen for less
# The detector looks five times a second: more often than in use, so that nobody of the few clips is missed.
_CONFIG = PipelineConfig(detect_every=3)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person of a clip: joints ``(T, 13, 3)`` x, y in pixels, confidence, a fifteenth of a second apart."""

    joints: np.ndarray

    @property
    def prominence(self) -> float:
        """How long and how large the person is seen: frames times the median height in pixels."""
        return len(self.joints) * float(np.median(np.ptp(self.joints[..., 1], axis=1)) + 1e-3)


@dataclass(frozen=True, slots=True, eq=False)
class FoundPeople:
    """People of all clips.

    Attributes:
        sequences: One a person, whose ``name`` is the clip's path, ``#`` and the person's number.
        unreadable: Clips that could not be read, with the reason.
        empty: Clips in which nobody was found.
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
    progress: Callable[[Sequence[ClassClip], str], "Sequence[ClassClip]"],
) -> FoundPeople:
    """Look at every clip.

    Args:
        clips: Of all classes.
        bundle: Its detector and pose network find the people; its action network is not used.
        kept: Folder for what was found.
        people: At most so many of a clip, those who are seen longest and largest first.
        progress: Gives the clips back one after the other, and shows how far it is.

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
    nothing_read = replace(bundle.plan, readers=(), explainers=(), manifest_heads=(), maps=())
    frames_only = replace(bundle, plan=nothing_read)
    sequences, unreadable, empty = [], [], []
    with Engine(frames_only) as engine:
        for clip in progress(clips, "finding people"):
            try:
                tracks = _kept_tracks(clip, engine, kept)
            except (BackendError, OutputError):  # no clip's fault: it would be the same for all
                raise
            except EdgeactError as error:
                unreadable.append(f"{clip.path}: {error}")
                continue
            tracks = sorted(tracks, key=lambda track: -track.prominence)[:people]
            if not tracks:
                empty.append(str(clip.path))
            sequences += [
                JointSequence(clip.source, "train", f"{clip.path}#{number}", track.joints, _RATE, (clip.label,))
                for number, track in enumerate(tracks)
            ]
    return FoundPeople(tuple(sequences), tuple(unreadable), tuple(empty))


def _kept_tracks(clip: ClassClip, engine: Engine, kept: Path) -> list[Track]:
    """The tracks of a clip: those found before, as long as clip and bundle are the same."""
    state = clip.path.stat()
    identity = (str(clip.path.resolve()), state.st_size, state.st_mtime_ns, engine.bundle.digest)
    file = kept / f"{hashlib.sha256(repr(identity).encode()).hexdigest()[:24]}.json"
    if file.exists():
        return [Track(np.array(joints, np.float32)) for joints in json.loads(file.read_text(encoding="utf-8"))]
    tracks = look_at(clip, engine)
    rows = [track.joints.round(3).tolist() for track in tracks]
    prepare_partial(file).write_text(json.dumps(rows), encoding="utf-8")
    publish(file)
    return [Track(np.array(joints, np.float32)) for joints in rows]


def look_at(clip: ClassClip, engine: Engine) -> list[Track]:
    """The people of one clip who are seen long enough, in the order in which they were found.

    Raises:
        EdgeactError: The clip cannot be read, or a network failed.
    """
    config = _CONFIG.model_copy(update={"confirm_hits": 1}) if clip.still else _CONFIG
    seen: dict[int, list[tuple[float, np.ndarray]]] = {}
    with open_source(clip.path, every=_every(clip)) as source:
        perceiver = Perceiver(engine, config, source=str(clip.path))
        for frame in source.frames():
            for person in perceiver.process(frame).observation.persons:
                joints = np.concatenate([person.pose.joints, person.pose.confidence[:, None]], 1)
                seen.setdefault(person.track_id, []).append((frame.time, joints))
    shortest = 0.0 if clip.still else _SHORTEST_SECONDS
    return [_regular(rows) for rows in seen.values() if rows[-1][0] - rows[0][0] >= shortest]


def _every(clip: ClassClip) -> int:
    """Use every n-th frame only, so that at least `_RATE` a second are left."""
    if clip.still:
        return 1
    with open_source(clip.path) as source:
        rate = source.info.frame_rate
    return max(int(rate / _RATE), 1) if rate else 1


def _regular(rows: list[tuple[float, np.ndarray]]) -> Track:
    """Joints at even times: of each moment the nearest frame's."""
    times = np.array([time for time, _ in rows])
    moments = np.arange(times[0], times[-1] + CLIP_STRIDE_SECONDS / 2, CLIP_STRIDE_SECONDS)
    nearest = np.abs(times[None] - moments[:, None]).argmin(1)
    return Track(common_joints(np.stack([joints for _, joints in rows]))[nearest])
