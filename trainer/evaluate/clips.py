"""The whole runtime on labelled clips: which events it holds, how much of the time and how soon.

A clip of an action of ours is right when an event of that action is held at any time, and wrong when only events of
other actions are. A clip of another action is right when nothing is called. People walk in many clips, so that "walk"
is wrong in none.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.capture.file import FileSource
from edgeact.engine.engine import Engine
from edgeact.errors import SourceNotFoundError
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Float32
from trainer.data.action_sequences import INTERACTION_LABELS
from trainer.data.sets.ut_interaction import read_packed_ut_interaction
from trainer.evaluate.wild.report import Table
from trainer.evaluate.wild.survey import Progress

# Said of nobody wrongly in a clip of another action: people come and go in all of them.
_ALWAYS = frozenset({"walk"})


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """A clip and the action of ours that it shows; None where it shows none."""

    source: str
    path: Path
    label: str | None


def read_clips(data: Path) -> list[LabelledClip]:
    """The clips that trained nothing: unseen sequences of UT-Interaction, and daily life of URFD's front camera.

    Raises:
        SourceNotFoundError: One of the sets is missing.
    """
    clips = []
    for index in (data / "ut_interaction/index.csv", data / "urfd_clips/index.csv"):
        if not index.exists():
            raise SourceNotFoundError(f"{index} not found; give the folder of the data sets with --data")
    found = read_packed_ut_interaction(data / "ut_interaction")
    for sample in sorted(found.part("test"), key=lambda sample: sample.video.name):
        label = found.actions[sample.actions[0]] if sample.actions else None
        clips.append(LabelledClip("ut_interaction", sample.video, label if label in INTERACTION_LABELS else None))
    folder = data / "urfd_clips"
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["sequence"].startswith("adl") and row["cam"] == "0":
                clips.append(LabelledClip("urfd_clips", folder / row["file"], None))
    return clips


@dataclass(frozen=True, slots=True)
class ClipOutcome:
    """What the runtime said of a clip.

    Attributes:
        events: Labels of the events, without those that are wrong in no clip.
        followed: Whether anybody was followed for a second.
        labelled: Of the person-frames of the clip's busiest track, the share that shows a label.
        delay: Seconds from the start of the track to its first label; None without one.
    """

    events: tuple[str, ...]
    followed: bool
    labelled: float
    delay: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A track in one frame: the frame's index and time in seconds, the box ``(4,)`` float32, whether it has a label."""

    index: int
    time: float
    box: Float32
    labelled: bool


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What the runtime said of a file: labels of all events, each track's frames in order, and how many frames."""

    events: tuple[str, ...]
    tracks: tuple[tuple[Seen, ...], ...]
    frames: int


def watch_file(bundle: Bundle, path: Path) -> Watched:
    """Run detector, tracker, pose and action networks over a video.

    Raises:
        SourceNotFoundError: There is no such file.
    """
    tracks: dict[int, list[Seen]] = {}
    events: list[str] = []
    frames = 0
    with Engine(bundle) as engine, FileSource(path) as source:
        perceiver = Perceiver(engine)
        for frame in source.frames():
            frames += 1
            result = perceiver.process(frame)
            events += [event.label for event in result.events if event.phase == "end"]
            for person in result.observation.persons:
                labelled = bool(person.readings and person.readings[0].labels)
                seen = Seen(frame.index, frame.time, person.box, labelled)
                tracks.setdefault(person.track_id, []).append(seen)
        events += [event.label for event in perceiver.finish()]
    return Watched(tuple(events), tuple(tuple(track) for track in tracks.values()), frames)


def labelled_time(tracks: Sequence[Sequence[Seen]]) -> tuple[float, float | None]:
    """Ratio of labelled frames of the track that has most of them, and the seconds until its first label."""
    busiest = max(tracks, key=lambda track: (sum(seen.labelled for seen in track), len(track)), default=())
    if not busiest:
        return 0.0, None
    first = next((seen.time for seen in busiest if seen.labelled), None)
    share = sum(seen.labelled for seen in busiest) / len(busiest)
    return share, None if first is None else first - busiest[0].time


def watch_clip(bundle: Bundle, clip: LabelledClip) -> ClipOutcome:
    """Run the whole runtime over a labelled clip."""
    watched = watch_file(bundle, clip.path)
    labelled, delay = labelled_time(watched.tracks)
    return ClipOutcome(
        events=tuple(event for event in watched.events if event not in _ALWAYS),
        followed=any(track[-1].time - track[0].time >= 1.0 for track in watched.tracks),
        labelled=labelled,
        delay=delay,
    )


def measure_clips(bundle: Bundle, data: Path, *, progress: Progress) -> dict[str, Any]:
    """Outcomes of every clip, by set: ``clips``, ``right``, ``wrong``, ``nothing``, ``labelled``, ``delay``.

    Raises:
        SourceNotFoundError: A clip is missing.
    """
    clips = read_clips(data)
    outcomes = [(clip, watch_clip(bundle, clip)) for clip in progress(clips, "labelled clips")]
    groups = {
        "actions of ours (UT-Interaction, unseen sequences)": [row for row in outcomes if row[0].label],
        "other actions (UT-Interaction, unseen sequences)": [
            row for row in outcomes if not row[0].label and row[0].source == "ut_interaction"
        ],
        "other actions (URFD, daily life)": [row for row in outcomes if row[0].source == "urfd_clips"],
    }
    return {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}, digest {bundle.digest[:12]}",
        "groups": {name: _row(rows) for name, rows in groups.items()},
        "clips": [
            {"file": f"{clip.source}/{clip.path.name}", "label": clip.label, "events": outcome.events}
            for clip, outcome in outcomes
        ],
    }


def _row(rows: Sequence[tuple[LabelledClip, ClipOutcome]]) -> dict[str, Any]:
    right = [
        clip.label in outcome.events if clip.label else outcome.followed and not outcome.events
        for clip, outcome in rows
    ]
    nothing = [not outcome.events for _, outcome in rows]
    delays = [outcome.delay for _, outcome in rows if outcome.delay is not None]
    return {
        "clips": len(rows),
        "followed": sum(outcome.followed for _, outcome in rows),
        "right": sum(right),
        "wrong": sum(not good and not none for good, none in zip(right, nothing, strict=True)),
        "nothing": sum(nothing),
        "labelled": float(np.mean([outcome.labelled for _, outcome in rows])) if rows else 0.0,
        "delay": float(np.median(delays)) if delays else None,
    }


def clips_table(figures: dict[str, Any]) -> Table:
    """A row a group of clips."""
    rows = []
    for name, row in figures["groups"].items():
        delay = "–" if row["delay"] is None else f"{row['delay']:.2f} s"
        counts = [str(row[key]) for key in ("clips", "followed", "right", "wrong", "nothing")]
        rows.append((name, *counts, f"{100 * row['labelled']:.0f} %", delay))
    columns = (
        "clips of",
        "number",
        "somebody followed",
        "right",
        "wrong",
        "nothing called",
        "time labelled",
        "first label after",
    )
    return Table(f"Labelled clips: {figures['bundle']}", columns, tuple(rows))
