"""False alarms: what the whole runtime follows, and calls an action, in footage without people."""

from collections import Counter
from pathlib import Path
from typing import Any

from edgeact.bundle.load import Bundle
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Observation
from trainer.evaluate.wild.footage import CLIP_SECONDS, EmptyClip, clip_frames, plan_footage
from trainer.evaluate.wild.report import Table
from trainer.evaluate.wild.survey import Progress

LONG_SECONDS = 1.0  # a shorter track is a flicker


def measure_empty_hours(bundle: Bundle, data: Path, *, minutes: float, progress: Progress) -> dict[str, Any]:
    """Run the perceiver (detector, tracker, pose, action) over footage without people.

    Args:
        bundle: What is measured.
        data: Folder of the packed sets.
        minutes: Of footage, over all sets.
        progress: Gives the items of a sequence while it shows how far it is.

    Returns:
        ``minutes``, and by set and for all ``hours``, ``tracks`` and ``events`` with ``tracks_an_hour`` and
        ``events_an_hour``; ``alarms`` names each picture with what was seen in it.

    Raises:
        SourceFormatError: There are no pictures without people.
    """
    clips = plan_footage(data, minutes)
    engine = Engine(bundle)
    perceiver = Perceiver(engine)
    tracks: Counter[str] = Counter()
    events: Counter[str] = Counter()
    alarms = []
    try:
        for number, clip in enumerate(progress(clips, "takes without people")):
            long_tracks, labels = watch(perceiver, clip, epoch=number)
            tracks[clip.source] += long_tracks
            events[clip.source] += len(labels)
            if long_tracks or labels:
                alarms.append({"picture": f"{clip.source}/{clip.path.name}", "tracks": long_tracks, "events": labels})
    finally:
        engine.close()
    takes = Counter(clip.source for clip in clips)
    rows = {source: _row(takes[source], tracks[source], events[source]) for source in sorted(takes)}
    everything = _row(len(clips), tracks.total(), events.total())
    return {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}, digest {bundle.digest[:12]}",
        "minutes": len(clips) * CLIP_SECONDS / 60,
        "sets": {"all": everything, **rows},
        "alarms": alarms,
    }


def watch(perceiver: Perceiver, clip: EmptyClip, *, epoch: int) -> tuple[int, list[str]]:
    """How many tracks lasted over `LONG_SECONDS` in one take, and the labels of the events."""
    seen: dict[int, tuple[float, float]] = {}
    labels: list[str] = []
    for frame in clip_frames(clip, epoch=epoch):
        result = perceiver.process(frame)
        _note(result.observation, seen)
        labels += [event.label for event in result.events if event.phase == "end"]
    labels += [event.label for event in perceiver.finish()]
    return sum(last - first > LONG_SECONDS for first, last in seen.values()), labels


def _note(result: Observation, seen: dict[int, tuple[float, float]]) -> None:
    for person in result.persons:
        first, _ = seen.get(person.track_id, (result.frame.time, 0.0))
        seen[person.track_id] = (first, result.frame.time)


def _row(takes: int, tracks: int, events: int) -> dict[str, float]:
    hours = takes * CLIP_SECONDS / 3600
    return {
        "hours": hours,
        "tracks": tracks,
        "events": events,
        "tracks_an_hour": tracks / hours,
        "events_an_hour": events / hours,
    }


def empty_table(figures: dict[str, Any]) -> Table:
    """What was found, a row a set."""
    rows = tuple(
        (source, f"{60 * row['hours']:.1f}", f"{row['tracks_an_hour']:.1f}", f"{row['events_an_hour']:.1f}")
        for source, row in figures["sets"].items()
    )
    title = f"Without people: {figures['bundle']}"
    return Table(title, ("set", "minutes", "tracks over 1 s an hour", "events an hour"), rows)
