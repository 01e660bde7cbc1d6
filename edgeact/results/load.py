"""``edgeact.load_results``: reads what was written for one source, and refuses what was cut off, damaged or is of
another version.
"""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.batch.names import EVENTS_SUFFIX, FRAMES_SUFFIX, RECORD_SUFFIX, VIDEO_SUFFIX, record_path
from edgeact.batch.record import RunRecord, load_record
from edgeact.capture.base import SourceInfo
from edgeact.capture.inputs import listed
from edgeact.errors import ArgumentTypeError, SourceFormatError, SourceNotFoundError, UsageError
from edgeact.results.records import EventRecord, FrameRecord, Frames, Head, Header, Results
from edgeact.sinks.events import COLUMNS, SCENE, plain_label
from edgeact.sinks.jsonl import read_header, read_whole_frames
from edgeact.skeleton import SKELETONS, Skeleton
from edgeact.types import AttentionMap, Float32, PartCrop, Person, Pose, Reading

_REMEDY = "annotate its source again"

# What values of another type, shape or size than were written give when records are made of them.
_DAMAGE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)


def load_results(path: str | os.PathLike[str]) -> Results:
    """What ``edgeact annotate`` or ``edgeact watch`` has written for one source.

    Args:
        path: One of the files (``results/clip.frames.jsonl``, ``clip.events.csv``, ``clip.run.json`` or the drawn
            ``clip.mp4``), their common name (``results/clip``), or a folder with the results of one source.

    Returns:
        Its frames, which are read when they are iterated, its events, and how it was annotated.

    Raises:
        SourceNotFoundError: There is no such result.
        SourceFormatError: A file was cut off, damaged or changed, or is of another version of edgeact.
        UsageError: The folder has the results of several sources.
        ArgumentTypeError: ``path`` is no path.

    >>> results = load_results("results/clip")
    >>> results.header.source.name
    'clip.mp4'
    >>> for frame in results.frames:
    ...     print(frame.index, frame.time, [person.track_id for person in frame.persons])
    ...     break
    0 0.0 []
    >>> results.events
    ()
    """
    frames = find_frames(_as_path(path))
    stem = frames.name.removesuffix(FRAMES_SUFFIX)
    run = load_record(record_path(frames.parent, stem))
    if run is not None:
        _check_whole(run, frames.parent)
    raw = read_header(frames)
    try:
        header = _header(raw)
    except _DAMAGE as error:
        raise SourceFormatError(f"{frames}: its header is damaged ({_reason(error)}); {_REMEDY}") from error
    events = frames.with_name(stem + EVENTS_SUFFIX)
    return Results(frames, header, Frames(frames, header), tuple(_read_events(events)) if events.exists() else (), run)


def _as_path(path: object) -> Path:
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise ArgumentTypeError(f"path is {path!r} of type {type(path).__name__}; give a str or a pathlib.Path")
    return Path(path)


def find_frames(path: Path) -> Path:
    """The file of the frames of a result that was named in any way that `load_results` takes.

    Raises:
        SourceNotFoundError: There is no such result.
        UsageError: It is a folder with the results of several sources.
    """
    if path.is_dir():
        found = sorted(path.glob(f"*{FRAMES_SUFFIX}"))
        if len(found) > 1:
            raise UsageError(f"{path} has the results of {len(found)} sources: {listed(found)}; name one of them")
        if found:
            return found[0]
    for suffix in (FRAMES_SUFFIX, EVENTS_SUFFIX, RECORD_SUFFIX, VIDEO_SUFFIX, ""):
        if path.name.endswith(suffix) and path.name != suffix:
            frames = path.with_name(path.name.removesuffix(suffix) + FRAMES_SUFFIX)
            if frames.exists():
                return frames
    what = "has no" if path.is_dir() else "is no result: there is no such"
    raise SourceNotFoundError(f"{path} {what} {FRAMES_SUFFIX} file; name what edgeact annotate wrote to its --out")


def read_frame_records(path: Path, header: Header) -> Iterator[FrameRecord]:
    """The frames of a file, one at a time.

    Raises:
        SourceFormatError: The file was cut off, or a line is no frame of this header.
    """
    for number, line in enumerate(read_whole_frames(path), start=2):
        try:
            record = _frame(line, header)
        except _DAMAGE as error:
            raise SourceFormatError(
                f"{path}: line {number} is no frame ({_reason(error)}); the file is damaged, {_REMEDY}"
            ) from error
        yield record


def _check_whole(run: RunRecord, folder: Path) -> None:
    """Refuse outputs that are not the bytes that the run says it has written."""
    if run.state == "writing":
        raise SourceFormatError(f"{folder}: the run that wrote {', '.join(run.outputs)} was cut off; {_REMEDY}")
    for name, size in run.outputs.items():
        path = folder / name
        if path.suffix != VIDEO_SUFFIX and path.exists() and (found := path.stat().st_size) != size:
            raise SourceFormatError(
                f"{path} has {found:,} bytes, but {size:,} were written: it was cut off or changed; copy it again, or "
                f"{_REMEDY}"
            )


def _reason(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())


def _header(raw: Mapping[str, Any]) -> Header:
    source, skeleton = raw["source"], raw["skeleton"]
    rate = source["frame_rate"]
    known = [{"name": "action", "scope": "person", "labels": raw["labels"]}] if raw["labels"] else []
    return Header(
        edgeact=str(raw["edgeact"]),
        created=str(raw["created"]),
        source=SourceInfo(
            name=str(source["name"]),
            width=int(source["width"]),
            height=int(source["height"]),
            live=bool(source["live"]),
            frame_rate=None if rate is None else Fraction(rate).limit_denominator(1001),
            frame_count=source["frame_count"],
            duration=source["duration"],
        ),
        every=int(raw["every"]),
        skeleton=None if skeleton is None else _skeleton(skeleton),
        heads=tuple(Head(head["name"], head["scope"], tuple(head["labels"])) for head in raw.get("heads", known)),
        bundle=dict(raw["bundle"]),
        config=dict(raw["config"]),
    )


def _skeleton(raw: Mapping[str, Any]) -> Skeleton:
    skeleton = SKELETONS.get(raw["name"])
    if skeleton is None or skeleton.joints != tuple(raw["joints"]):
        raise ValueError(f"its skeleton {raw['name']!r} is not known to this edgeact")
    return skeleton


def _frame(line: Mapping[str, Any], header: Header) -> FrameRecord:
    scene = [head for head in header.heads if head.scope == "scene"]
    return FrameRecord(
        index=int(line["index"]),
        time=float(line["time"]),
        epoch=int(line["epoch"]),
        persons=tuple(_person(person, header) for person in line["persons"]),
        scene=_readings(scene, line["scene"], line.get("attention", []), 0) if scene else (),
        attention=_maps(line.get("attention", []), None, 0),
    )


def _person(raw: Mapping[str, Any], header: Header) -> Person:
    joints = 0 if header.skeleton is None else len(header.skeleton.joints)
    places = _numbers(raw["joints"], (joints, 3))
    depth = raw.get("joints_3d")
    heads = [head for head in header.heads if head.scope == "person"]
    said = {**{head.name: raw["action"] for head in heads[:1]}, **raw.get("heads", {})}
    return Person(
        track_id=int(raw["track"]),
        box=_numbers(raw["box"], (4,)),
        score=float("nan") if raw["score"] is None else float(raw["score"]),
        pose=Pose(places[:, :2], places[:, 2], None if depth is None else _numbers(depth, (joints, 3))),
        parts=tuple(PartCrop(name, _numbers(box, (4,))) for name, box in raw["parts"].items()),
        readings=_readings(heads, said, raw.get("attention", []), joints),
        attention=_maps(raw.get("attention", []), None, joints),
    )


def _readings(heads: Sequence[Head], said: Mapping[str, Any], maps: Sequence[Any], joints: int) -> tuple[Reading, ...]:
    """What each head said, without those that said nothing, with its attention maps."""
    return tuple(
        _reading(head, raw, _maps(maps, head.name, joints)) for head in heads if (raw := said[head.name]) is not None
    )


def _maps(raw: Sequence[Any], head: str | None, joints: int) -> tuple[AttentionMap, ...]:
    """Return the attention maps of the action head ``head``; with None, the maps that belong to no head.

    A map that says how much each joint counts has ``joints`` numbers for that.
    """
    return tuple(
        AttentionMap(
            one["name"],
            _map_values(one["values"]),
            _numbers(one["box"], (4,)),
            one["label"],
            one["time"],
            _numbers(one["joints"], (joints,)) if "joints" in one else None,
        )
        for one in raw
        if one["head"] == head
    )


def _map_values(raw: object) -> Float32:
    values = _float32(raw)
    if values.ndim != 2:
        raise ValueError(f"an attention map of the shape {values.shape}")
    return values


def _reading(head: Head, raw: Mapping[str, Any], attention: tuple[AttentionMap, ...]) -> Reading:
    smoothed = _numbers([raw["smoothed"][label] for label in head.labels], (len(head.labels),))
    labels = tuple(raw.get("labels", [] if raw["label"] is None else [raw["label"]]))
    return Reading(
        head=head.name,
        raw=_numbers([raw["raw"][label] for label in head.labels], (len(head.labels),)),
        smoothed=smoothed,
        labels=labels,
        scores=tuple(float(smoothed[head.labels.index(label)]) for label in labels),
        attention=attention,
    )


def _float32(raw: object) -> Float32:
    """Numbers of a line as an array; what float32 cannot hold becomes infinite."""
    with np.errstate(over="ignore"):
        return np.array(raw, np.float32)


def _numbers(raw: object, shape: tuple[int, ...]) -> Float32:
    """An array of a shape; null, which stands for what is not finite, becomes NaN."""
    values = _float32(raw)
    if values.size == 0:
        values = values.reshape(shape)
    if values.shape != shape:
        raise ValueError(f"numbers of the shape {values.shape} where {shape} are expected")
    return values


def _read_events(path: Path) -> Iterator[EventRecord]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise SourceFormatError(f"{path} does not have the columns {', '.join(COLUMNS)}; {_REMEDY}")
            for row in rows:
                track = row["track"]
                yield EventRecord(
                    track_id=None if track in ("", SCENE) else int(track),
                    label=plain_label(row["label"]),
                    start=float(row["start"]),
                    end=float(row["end"]),
                    score=float(row["peak_score"]),
                )
    except (*_DAMAGE, OSError, csv.Error) as error:
        if isinstance(error, SourceFormatError):
            raise
        raise SourceFormatError(f"{path} is damaged ({_reason(error)}); {_REMEDY}") from error
