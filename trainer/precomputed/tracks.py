"""Tracks of real clips as our own runtime sees them: detector, tracker and pose network of a bundle, joints of every
frame.

The action network thereby trains on, and is judged by, the joints that it will get in use. A line per track.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.bundle.load import Bundle
from edgeact.capture.file import FileSource
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from trainer.data.action_sequences import EVERYDAY_LABELS, INTERACTION_LABELS, OTHER
from trainer.data.sets.surveillance_fights import read_surveillance_fights
from trainer.data.sets.ut_interaction import read_packed_ut_interaction
from trainer.data.splits import fight_split

SHORTEST_TRACK_FRAMES = 12
_WRISTS, _ANKLES, _SHOULDERS, _HIPS = [9, 10], [15, 16], [5, 6], [11, 12]


def clip_tracks(path: Path, perceiver: Perceiver) -> tuple[dict[int, np.ndarray], float]:
    """Joints of every track of a clip, ``{track: (T, 21, 3)}`` x, y, confidence, and frames per second; gaps repeat the
    last joints.
    """
    rows: dict[int, dict[int, np.ndarray]] = {}
    last_time, frames = 0.0, 0
    with FileSource(path) as source:
        for frame in source.frames():
            for person in perceiver.process(frame).observation.persons:
                joints = np.concatenate([person.pose.joints, person.pose.confidence[:, None]], 1)
                rows.setdefault(person.track_id, {})[frame.index] = joints
            last_time, frames = frame.time, frame.index
    tracks = {}
    for track, seen in rows.items():
        if len(seen) >= SHORTEST_TRACK_FRAMES:
            indices = range(min(seen), max(seen) + 1)
            filled, current = [], seen[min(seen)]
            for index in indices:
                current = seen.get(index, current)
                filled.append(current)
            tracks[track] = np.stack(filled)
    return tracks, frames / max(last_time, 1e-3)


def _height(joints: np.ndarray) -> float:
    return float(np.median(np.ptp(joints[..., 1], axis=1))) + 1e-3


def active_track(tracks: dict[int, np.ndarray], label: str) -> int | None:
    """Which of two people strikes, kicks, pushes or points: whose hand (foot) moves faster and farther from the
    shoulder (hip).

    UT-Interaction's labels do not say who acts. None when there are no two long tracks to compare.
    """
    if len(tracks) < 2:
        return None
    ends, roots = (_ANKLES, _HIPS) if label == "kick" else (_WRISTS, _SHOULDERS)
    scores = {}
    for track, joints in tracks.items():
        reach = (joints[:, ends, :2] - joints[:, roots, :2]) / _height(joints)
        outward = np.abs(reach[..., 0])  # opponents stand side by side: a blow goes sideways in the picture
        scores[track] = float((np.percentile(outward, 95, axis=0) - np.percentile(outward, 30, axis=0)).max())
    return max(scores, key=lambda track: scores[track])


def ut_interaction(data: Path, perceiver_of: "PerceiverFactory") -> Iterator[dict]:
    """Tracks of UT-Interaction: both people of a handshake or hug, the active one of the others; "none" clips are
    everyday life.
    """
    found = read_packed_ut_interaction(data / "ut_interaction")
    for sample in sorted(found.samples, key=lambda sample: sample.video.name):
        label = found.actions[sample.actions[0]] if sample.actions else None
        tracks, rate = clip_tracks(sample.video, perceiver_of())
        main = dict(sorted(tracks.items(), key=lambda item: -len(item[1]) * _height(item[1]))[:2])
        active = active_track(main, label) if label in ("kick", "point", "punch", "push") else None
        for track, joints in main.items():
            if label is None:
                allowed = (OTHER, "walk")
            elif active is None or track == active:
                allowed = (label,) if label in INTERACTION_LABELS else (OTHER,)
            else:
                allowed = (OTHER, "walk")
            yield _row("ut_interaction", sample.split, f"{sample.video.name}#{track}", joints, rate, allowed)


def surveillance_fights(data: Path, perceiver_of: "PerceiverFactory") -> Iterator[dict]:
    """Tracks of the CCTV clips without a fight: none of the sports, but perhaps an everyday action."""
    found = read_surveillance_fights(data / "surveillance_fights")
    for sample in sorted(found.samples, key=lambda sample: sample.video.name):
        if found.actions[sample.actions[0]] == "fight":
            continue  # who does what in a brawl is not labelled
        tracks, rate = clip_tracks(sample.video, perceiver_of())
        for track, joints in tracks.items():
            if joints[..., 2].mean() > 0.35:
                yield _row(
                    "surveillance_fights",
                    fight_split(sample.source),
                    f"{sample.video.name}#{track}",
                    joints,
                    rate,
                    (OTHER, *EVERYDAY_LABELS, "handshake", "point"),
                )


def _row(source: str, split: str, name: str, joints: np.ndarray, rate: float, allowed: tuple[str, ...]) -> dict:
    return {
        "source": source,
        "split": split,
        "name": name,
        "frame_rate": round(rate, 3),
        "allowed": allowed,
        "joints": joints.round(2).tolist(),
    }


class PerceiverFactory:
    """Makes a perceiver without state for each clip, so that no track reaches from one clip into the next."""

    def __init__(self, bundle: Bundle) -> None:
        self.engine, self.config = Engine(bundle), PipelineConfig(detect_every=3)

    def __call__(self) -> Perceiver:
        return Perceiver(self.engine, self.config)

    def close(self) -> None:
        """Release the graphs."""
        self.engine.close()


def build(data: Path, bundle: Bundle, out: Path) -> None:
    """Write the tracks of each set that has none yet (under a temporary name until complete)."""
    out.mkdir(parents=True, exist_ok=True)
    factory = PerceiverFactory(bundle)
    for name, read in (("ut_interaction", ut_interaction), ("surveillance_fights", surveillance_fights)):
        target = out / f"{name}.jsonl"
        if target.exists():
            continue
        with prepare_partial(target).open("w") as file:
            for row in read(data, factory):
                file.write(json.dumps(row) + "\n")
        publish(target)
    factory.close()
