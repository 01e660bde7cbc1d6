"""False alarms: what the whole runtime follows, and calls an action, in footage without people.

Mannequins are a group of their own, which no sum over all sets holds: they have a person's shape, so that following
them is no fault. They never move, so that each event is one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from edgeact.bundle.load import Bundle
from edgeact.capture.file import FileSource
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Frame, Observation
from trainer.data.studio.clip_studio import ClipStudio
from trainer.data.studio.mannequins import FRAME_RATE, SECONDS, SIZE, build_scene, plan_mannequins
from trainer.evaluate.wild.footage import CLIP_SECONDS, EmptyClip, clip_frames, plan_footage
from trainer.evaluate.wild.report import Table
from trainer.evaluate.wild.survey import Progress

LONG_SECONDS = 1.0  # a shorter track is a flicker
MANNEQUINS = "mannequins"


@dataclass(frozen=True, slots=True)
class Take:
    """A few seconds in which nobody is: the set, a name, its length, and what gives the frames of an epoch."""

    source: str
    name: str
    seconds: float
    frames: Callable[[int], Iterable[Frame]]


def measure_empty_hours(
    bundle: Bundle,
    data: Path,
    *,
    minutes: float,
    progress: Progress,
    renders: Path | None = None,
    mannequins: int = 50,
) -> dict[str, Any]:
    """Run the perceiver (detector, tracker, pose, action) over footage without people.

    Args:
        bundle: What is measured.
        data: Folder of the packed sets.
        minutes: Of footage, over all sets but mannequins.
        progress: Gives the items of a sequence while it shows how far it is.
        renders: Where rendered takes of mannequins are kept, and made where they lack. None leaves mannequins out.
        mannequins: How many takes of them; they are the first ones of a longer row.

    Returns:
        ``minutes``, and by set and for all (but mannequins) ``hours``, ``tracks`` and ``events`` with
        ``tracks_an_hour`` and ``events_an_hour``; ``alarms`` names each picture with what was seen in it, of mannequins
        only those with events.

    Raises:
        SourceFormatError: There are no pictures without people.
        FileNotFoundError: Mannequins are asked for, and the studio folder is not complete.
        EglUnavailableError: Mannequins are asked for, and this machine cannot render.
        OutputError: ``renders`` cannot be written to.
    """
    takes = [_pictured(clip) for clip in plan_footage(data, minutes)]
    count = len(takes)
    if renders is not None:
        takes += _mannequin_takes(data / "studio", renders, mannequins, progress)
    engine = Engine(bundle)
    perceiver = Perceiver(engine)
    tracks: Counter[str] = Counter()
    events: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    alarms = []
    try:
        for number, take in enumerate(progress(takes, "takes without people")):
            long_tracks, labels = watch(perceiver, take.frames(number))
            for source in (take.source,) if take.source == MANNEQUINS else ("all", take.source):
                tracks[source] += long_tracks
                events[source] += len(labels)
                seconds[source] += take.seconds
            if labels or (long_tracks and take.source != MANNEQUINS):
                alarms.append({"picture": f"{take.source}/{take.name}", "tracks": long_tracks, "events": labels})
    finally:
        engine.close()
    sources = ["all", *sorted(set(seconds) - {"all"})]
    return {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}, digest {bundle.digest[:12]}",
        "minutes": count * CLIP_SECONDS / 60,
        "sets": {source: _row(seconds[source], tracks[source], events[source]) for source in sources},
        "alarms": alarms,
    }


def watch(perceiver: Perceiver, frames: Iterable[Frame]) -> tuple[int, list[str]]:
    """How many tracks lasted over `LONG_SECONDS` in one take, and the labels of the events."""
    seen: dict[int, tuple[float, float]] = {}
    labels: list[str] = []
    for frame in frames:
        result = perceiver.process(frame)
        _note(result.observation, seen)
        labels += [event.label for event in result.events if event.phase == "end"]
    labels += [event.label for event in perceiver.finish()]
    return sum(last - first > LONG_SECONDS for first, last in seen.values()), labels


def _pictured(clip: EmptyClip) -> Take:
    return Take(clip.source, clip.path.name, CLIP_SECONDS, lambda epoch: clip_frames(clip, epoch=epoch))


def _mannequin_takes(studio: Path, renders: Path, count: int, progress: Progress) -> list[Take]:
    """The takes that a folder holds, after those were rendered that it lacks."""
    plans, takes = plan_mannequins(count), []
    with ClipStudio(studio, renders / MANNEQUINS, seed=0, size=SIZE, frame_rate=FRAME_RATE) as clips:
        for plan in progress(plans, "takes of mannequins"):
            video = clips.make(plan.name, partial(build_scene, plan))
            takes.append(Take(MANNEQUINS, video.name, SECONDS, partial(_filmed, video)))
    return takes


def _filmed(video: Path, epoch: int) -> Iterator[Frame]:
    with FileSource(video) as source:
        for frame in source.frames():
            yield replace(frame, epoch=epoch)


def _note(result: Observation, seen: dict[int, tuple[float, float]]) -> None:
    for person in result.persons:
        first, _ = seen.get(person.track_id, (result.frame.time, 0.0))
        seen[person.track_id] = (first, result.frame.time)


def _row(seconds: float, tracks: int, events: int) -> dict[str, float]:
    hours = seconds / 3600
    return {
        "hours": hours,
        "tracks": tracks,
        "events": events,
        "tracks_an_hour": tracks / hours,
        "events_an_hour": events / hours,
    }


def empty_table(figures: dict[str, Any]) -> Table:
    """What was found, a row a set; mannequins are not among all."""
    rows = tuple(
        (
            source,
            f"{60 * row['hours']:.1f}",
            f"{row['tracks']}",
            f"{row['tracks_an_hour']:.1f}",
            f"{row['events']}",
            f"{row['events_an_hour']:.1f}",
        )
        for source, row in figures["sets"].items()
    )
    title = f"Without people: {figures['bundle']}"
    return Table(title, ("set", "minutes", "tracks over 1 s", "an hour", "events", "an hour"), rows)
