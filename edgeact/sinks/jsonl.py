"""Everything about every frame as JSON lines, and a reader for them; ``assets/frames.schema.json`` describes them.

The first line is the header, every other line a frame::

    {"schema": "edgeact.frames", "version": 1, "source": {...}, "skeleton": {...}, "labels": [...], "heads": [...], ...}
    {"index": 0, "time": 0.0, "epoch": 0, "persons": [
        {"track": 1, "box": [x_min, y_min, x_max, y_max], "score": 0.9, "joints": [[x, y, confidence], ...],
         "parts": {"head": [x_min, y_min, x_max, y_max], ...},
         "action": {"label": "wave", "smoothed": {"wave": 0.8, ...}, "raw": {"wave": 0.9, ...}}}]}

Pixels have 2 decimals (finer than any network), confidences and probabilities 4, metres 4, seconds 6 (a tick of any
usual time base). ``action`` is null until a track's clip is long enough and while too little of the person is visible;
its ``label`` is null while no action is certain. What a bundle does not give has no key: ``joints_3d``, the ``heads``
beyond the first, readings of the ``scene``; attention maps are written where the settings choose them by name. A number
that is not finite is written as null, because JSON has no other word for it.
"""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

import edgeact
from edgeact.atomic import PartialText
from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import HeadSpec
from edgeact.bundle.plan import Plan
from edgeact.capture.base import SourceInfo
from edgeact.config import FIRST_MAP, NO_MAP, PipelineConfig
from edgeact.errors import SourceFormatError, SourceNotFoundError
from edgeact.sinks.base import SinkInput
from edgeact.types import AttentionMap, Event, Float32, Observation, Person, Reading, UInt8

SCHEMA = "edgeact.frames"
SCHEMA_VERSION = 1
PIXEL_DECIMALS, PROBABILITY_DECIMALS, SECOND_DECIMALS = 2, 4, 6
METRE_DECIMALS, MAP_DECIMALS = 4, 2


class JsonlSink:
    """One line a frame after a header that makes the file speak for itself."""

    def __init__(self, path: Path, *, info: SourceInfo, bundle: Bundle, config: PipelineConfig, every: int) -> None:
        """Create the file and write its header.

        Args:
            path: The final name.
            info: The source.
            bundle: What the results come from: its skeleton, labels, name and digest go into the header.
            config: How the pipeline worked.
            every: Each n-th frame of the source was used.

        Raises:
            OutputError: The file cannot be created.
        """
        self._plan, self._writes_maps = bundle.plan, writes_maps(config)
        self._file = PartialText(path)
        self._file.write(json_line(header_record(info, bundle, config, every=every)))

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations."""
        return frozenset({"observations"})

    def write_event(self, event: Event) -> None:
        """Do nothing: events have a file of their own."""

    def write(self, observation: Observation, picture: UInt8 | None) -> None:  # noqa: ARG002  one interface for all sinks
        """Write one frame.

        Raises:
            OutputError: The disk is full or the folder is gone.
        """
        self._file.write(json_line(frame_record(observation, self._plan, maps=self._writes_maps)))

    def close(self) -> None:
        """Publish the file.

        Raises:
            OutputError: It cannot be completed; nothing is left then.
        """
        self._file.close()

    def abort(self) -> None:
        """Leave nothing; does nothing after `close`."""
        self._file.abort()


def json_line(record: dict[str, Any]) -> str:
    """A record as one line, with its line end."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def writes_maps(config: PipelineConfig) -> bool:
    """Whether attention maps are written: where the settings choose them by name."""
    return config.attention not in (FIRST_MAP, NO_MAP)


def frame_record(observation: Observation, plan: Plan, *, maps: bool = False) -> dict[str, Any]:
    """What is written of a frame.

    Args:
        observation: Of the frame.
        plan: Of the bundle that it comes from.
        maps: Whether attention maps are written.
    """
    time = observation.frame.time
    record: dict[str, Any] = {
        "index": observation.frame.index,
        "time": _number(time, SECOND_DECIMALS),
        "epoch": observation.frame.epoch,
        "persons": [_person(person, plan.heads, time, maps=maps) for person in observation.persons],
    }
    if plan.scene_heads:
        record["scene"] = _by_head(plan.scene_heads, observation.scene)
        if maps:
            record["attention"] = _maps(observation.scene, observation.attention, time)
    return record


def _person(person: Person, heads: Sequence[HeadSpec], time: float, *, maps: bool) -> dict[str, Any]:
    places = _numbers(person.pose.joints, PIXEL_DECIMALS)
    confidences = _numbers(person.pose.confidence, PROBABILITY_DECIMALS)
    first = heads[:1]
    record = {
        "track": person.track_id,
        "box": _numbers(person.box, PIXEL_DECIMALS),
        "score": _number(person.score, PROBABILITY_DECIMALS),
        "joints": [[*place, confidence] for place, confidence in zip(places, confidences, strict=True)],
        "parts": {part.name: _numbers(part.box, PIXEL_DECIMALS) for part in person.parts},
        "action": _by_head(first, person.readings)[first[0].name] if first else None,
    }
    if len(heads) > 1:
        record["heads"] = _by_head(heads[1:], person.readings)
    if person.pose.joints_3d is not None:
        record["joints_3d"] = _numbers(person.pose.joints_3d, METRE_DECIMALS)
    if maps:
        record["attention"] = _maps(person.readings, person.attention, time)
    return record


def _by_head(heads: Sequence[HeadSpec], readings: Sequence[Reading]) -> dict[str, dict[str, Any] | None]:
    """What each head says, by its name; None of one that has said nothing."""
    said = {reading.head: reading for reading in readings}
    return {head.name: _action(head, said[head.name]) if head.name in said else None for head in heads}


def _action(head: HeadSpec, reading: Reading) -> dict[str, Any]:
    strongest = reading.strongest
    return {
        "label": None if strongest is None else strongest[0],
        **({"labels": list(reading.labels)} if head.multi_label else {}),
        "smoothed": dict(zip(head.labels, _numbers(reading.smoothed, PROBABILITY_DECIMALS), strict=True)),
        "raw": dict(zip(head.labels, _numbers(reading.raw, PROBABILITY_DECIMALS), strict=True)),
    }


def _maps(readings: Sequence[Reading], others: Sequence[AttentionMap], time: float) -> list[dict[str, Any]]:
    """The attention maps of some readings, and those that belong to no head."""
    found = [(reading.head, attention) for reading in readings for attention in reading.attention]
    heads: list[tuple[str | None, AttentionMap]] = [*found, *((None, attention) for attention in others)]
    return [
        {
            "name": attention.name,
            "head": head,
            "label": attention.label,
            "time": _number(time if attention.time is None else attention.time, SECOND_DECIMALS),
            "box": _numbers(attention.box, PIXEL_DECIMALS),
            "values": _numbers(attention.values, MAP_DECIMALS),
            **({} if attention.joints is None else {"joints": _numbers(attention.joints, MAP_DECIMALS)}),
        }
        for head, attention in heads
    ]


def read_header(path: Path) -> dict[str, Any]:
    """The header of a file that `JsonlSink` wrote.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is no such file, or one of another version.
    """
    return next(_read_lines(path))


def read_frames(path: Path) -> Iterator[dict[str, Any]]:
    """The frames of a file that `JsonlSink` wrote, one at a time; a last line that is torn (by a killed run) is left
    out.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is no such file, one of another version, or a line other than the last is not JSON.
    """
    lines = _read_lines(path)
    next(lines)  # checks the header, and raises here and not at the first use
    return lines


def read_whole_frames(path: Path) -> Iterator[dict[str, Any]]:
    """The frames of a file that must be there as a whole, one at a time.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: As of `read_frames`; or the last line is torn, so that frames are missing.
    """
    lines = _read_lines(path, is_whole=True)
    next(lines)
    return lines


def _read_lines(path: Path, *, is_whole: bool = False) -> Iterator[dict[str, Any]]:
    try:
        file = path.open(encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise SourceNotFoundError(f"{path} cannot be read ({error.strerror}); name a .frames.jsonl file") from error
    with file:
        header = _parse(file.readline())
        if header is None or header.get("schema") != SCHEMA:
            raise SourceFormatError(
                f"{path} does not begin with a header of {SCHEMA}; name a .frames.jsonl file of edgeact"
            )
        if header.get("version") != SCHEMA_VERSION:
            raise SourceFormatError(
                f"{path} has version {header.get('version')!r} of {SCHEMA}, this edgeact reads {SCHEMA_VERSION}; "
                "use the edgeact that wrote it"
            )
        yield header
        for number, line in enumerate(file, start=2):
            if is_whole and not line.endswith("\n"):
                raise SourceFormatError(
                    f"{path} was cut off in line {number}; copy it again, or annotate its source again"
                )
            record = _parse(line)
            if record is None:
                if line.endswith("\n"):
                    raise SourceFormatError(
                        f"{path}: line {number} is not a JSON object; the file is damaged, annotate its source again"
                    )
                return
            yield record


def _parse(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, or nested without end
        return None
    return record if isinstance(record, dict) else None


def header_record(info: SourceInfo, bundle: Bundle, config: PipelineConfig, *, every: int) -> dict[str, Any]:
    """The first line of a file: what the frames come from (see `JsonlSink` for the arguments)."""
    plan = bundle.plan
    skeleton = None if plan.persons is None else plan.skeleton
    return {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "edgeact": edgeact.__version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "source": {
            "name": info.name,
            "width": info.width,
            "height": info.height,
            "live": info.live,
            "frame_rate": None if info.frame_rate is None else _number(float(info.frame_rate), SECOND_DECIMALS),
            "frame_count": info.frame_count,
            "duration": None if info.duration is None else _number(info.duration, SECOND_DECIMALS),
        },
        "every": every,
        "skeleton": None
        if skeleton is None
        else {
            "name": skeleton.name,
            "joints": list(skeleton.joints),
            "bones": [list(bone) for bone in skeleton.bones],
        },
        "labels": list(plan.labels),
        "heads": [
            {
                "name": head.name,
                "scope": scope,
                "labels": list(head.labels),
                "other_label": head.other_label,
                "multi_label": head.multi_label,
                "thresholds": list(head.thresholds),
            }
            for scope, head in plan.manifest_heads
        ],
        "bundle": {"name": bundle.manifest.name, "version": bundle.manifest.version, "digest": bundle.digest},
        "config": config.model_dump(mode="json"),
    }


def _number(value: float, decimals: int) -> float | None:
    return round(float(value), decimals) if math.isfinite(value) else None


def _numbers(values: Float32, decimals: int) -> list[Any]:
    """An array as nested lists; in float64, where rounding leaves no tail of digits."""
    rounded = np.round(values.astype(np.float64), decimals)
    finite = np.isfinite(rounded)
    if finite.all():
        return list(rounded.tolist())
    mixed = rounded.astype(np.object_)
    mixed[~finite] = None
    return list(mixed.tolist())
