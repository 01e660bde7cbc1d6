"""Write the tracks of people in recorded and rendered clips, as the runtime's detector and pose network find them.

The action network trains on these joints, and is judged by them, because it gets the same in use. A file holds one JSON
line per track, with the joints of every frame.
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.bundle.load import Bundle
from trainer.data.action_sequences import EVERYDAY_LABELS, INTERACTION_LABELS, OTHER
from trainer.data.sets.surveillance_fights import read_surveillance_fights
from trainer.data.sets.ut_interaction import read_packed_ut_interaction
from trainer.data.splits import fight_split
from trainer.precomputed.found_tracks import PerceiverFactory, clip_tracks, track_row
from trainer.precomputed.studio_tracks import SOURCE as STUDIO_TRACKS
from trainer.precomputed.studio_tracks import studio_tracks

_WRISTS, _ANKLES, _SHOULDERS, _HIPS = [9, 10], [15, 16], [5, 6], [11, 12]


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


def ut_interaction(data: Path, perceiver_of: PerceiverFactory) -> Iterator[dict]:
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
            yield track_row("ut_interaction", sample.split, f"{sample.video.name}#{track}", joints, rate, allowed)


def surveillance_fights(data: Path, perceiver_of: PerceiverFactory) -> Iterator[dict]:
    """Tracks of the CCTV clips without a fight: none of the sports, but perhaps an everyday action."""
    found = read_surveillance_fights(data / "surveillance_fights")
    for sample in sorted(found.samples, key=lambda sample: sample.video.name):
        if found.actions[sample.actions[0]] == "fight":
            continue  # who does what in a brawl is not labelled
        tracks, rate = clip_tracks(sample.video, perceiver_of())
        for track, joints in tracks.items():
            if joints[..., 2].mean() > 0.35:
                yield track_row(
                    "surveillance_fights",
                    fight_split(sample.source),
                    f"{sample.video.name}#{track}",
                    joints,
                    rate,
                    (OTHER, *EVERYDAY_LABELS, "handshake", "point"),
                )


def build(data: Path, bundle: Bundle, out: Path, renders: Path | None = None) -> None:
    """Write a file of tracks for each data set that has none yet; a file gets its name once it is complete.

    Args:
        data: Folder of the data sets.
        bundle: Whose detector and pose network find them.
        out: Where the tracks go, a file a set.
        renders: Where rendered clips are kept; missing ones are rendered. None leaves rendered clips out.
    """
    out.mkdir(parents=True, exist_ok=True)
    factory = PerceiverFactory(bundle)
    sets = [("ut_interaction", ut_interaction), ("surveillance_fights", surveillance_fights)]
    if renders is not None:
        sets.append((STUDIO_TRACKS, partial(studio_tracks, renders=renders)))
    for name, read in sets:
        target = out / f"{name}.jsonl"
        if target.exists():
            continue
        with prepare_partial(target).open("w") as file:
            for row in read(data, factory):
                file.write(json.dumps(row) + "\n")
        publish(target)
    factory.close()
