"""Keeps the events of one camera and its rules: gives them identity and time of day, and puts them into the store."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from ulid import ULID

from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.wall_clock import SourceClock
from edgeact.errors import OutputError
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Observation, UInt8

logger = logging.getLogger(__name__)

# An event that lasts is kept again so often: each time costs a write to the disk, and a crash ends it at the last one.
UPDATE_SECONDS = 5.0
# Phases that wait in memory while the disk takes nothing, some 1 MB; after that the oldest are lost.
MOST_UNSAVED = 2000
_RETRY_SECONDS = 1.0


class KeepsRecords(Protocol):
    """The part of `EventStore` that the sink uses."""

    def save(self, record: EventRecord, outputs: Sequence[str] = ()) -> None:
        """Keep a phase of an event; see `EventStore.save`."""
        ...


class Judging(Protocol):
    """The part of `Judge` that the sink uses."""

    def take(self, observation: Observation, moment: datetime) -> Sequence[Event]:
        """The events that begin, go on or end with an observation."""
        ...

    def finish(self) -> Sequence[Event]:
        """End what is open."""
        ...


class GivesMedia(Protocol):
    """The part of `EventMedia` that the sink uses."""

    def note(self, observation: Observation) -> None:
        """Keep the newest observation; see `EventMedia.note`."""
        ...

    def complete(self, record: EventRecord, event: Event) -> EventRecord:
        """A copy of the record with the paths of its snapshot and clip."""
        ...

    def release(self, event: str) -> None:
        """End the clip of an event that ends because its camera does."""
        ...


class EventSink:
    """A sink that keeps the events of one camera in the store.

    Args:
        camera: Its name in the configuration.
        store: Where events are kept.
        outputs_of: The outputs that send the events of a rule (None: of an action that no rule asked for), or None
            where such events are not kept.
        judge: The rules of the camera; None for none.
        media: Gives events their pictures and recordings; None for none.

    Attributes:
        lost: Phases of events that could not be kept.
    """

    def __init__(
        self,
        camera: str,
        store: KeepsRecords,
        outputs_of: Callable[[str | None], Sequence[str] | None],
        judge: Judging | None = None,
        media: GivesMedia | None = None,
    ) -> None:
        self.lost = 0
        self._camera, self._store, self._outputs_of, self._judge = camera, store, outputs_of, judge
        self._lock = threading.RLock()  # guards all below
        self._ended: set[tuple[str | None, int]] = set()  # by `end_open`; what else is told of them is too late
        self._media = media
        self._clock = SourceClock()
        self._open: dict[tuple[str | None, int], EventRecord] = {}
        # When an open event was saved last, of `time.monotonic`, and the path of its recording then.
        self._saved: dict[str, tuple[float, str | None]] = {}
        self._unsaved: deque[tuple[EventRecord, Sequence[str]]] = deque()
        self._failed = float("-inf")

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations, whose times the clock needs, and events."""
        return frozenset({"observations", "events"})

    @property
    def open_events(self) -> int:
        """Events that have begun and not ended."""
        return len(self._open)

    def write(self, observation: Observation, picture: UInt8 | None) -> None:  # noqa: ARG002  one interface for all sinks
        """Take the time of a frame, and keep what the rules say of it."""
        with self._lock:
            self._clock.note(observation.frame)
            if self._media is not None:
                self._media.note(observation)
            if self._judge is not None:
                for event in self._judge.take(observation, self._clock.moment):
                    self._keep(event)
            if self._unsaved:
                self._save_all()

    def write_event(self, event: Event) -> None:
        """Keep one phase of an event. Never fails: what cannot be written waits for the disk."""
        with self._lock:
            self._keep(event)

    def end_open(self) -> None:
        """End all open events, because the detection was switched off; may be called from any thread."""
        with self._lock:
            self._end_rules()
            self._ended.update(self._open)
            self._end_all()

    def close(self) -> None:
        """End all open events, and keep them if the disk takes them."""
        with self._lock:
            self._end_rules()
            self._end_all()

    def abort(self) -> None:
        """Do the same as `close`: what was seen is kept, whatever became of the camera."""
        self.close()

    def _end_rules(self) -> None:
        """End the events that the rules have open."""
        for event in self._judge.finish() if self._judge is not None else ():
            self._keep(event)

    def _end_all(self) -> None:
        for (rule, _), record in list(self._open.items()):
            end = record.start + (
                self._clock.moment - record.start if self._clock.moment > record.start else timedelta()
            )
            self._unsaved.append((replace(record, phase="end", end=end), self._outputs_of(rule) or ()))
            if self._media is not None:
                self._media.release(record.id)
        self._open.clear()
        self._failed = float("-inf")
        self._save_all()

    def _keep(self, event: Event) -> None:
        outputs, key = self._outputs_of(event.rule), (event.rule, event.id)
        if key in self._ended:
            if event.phase == "end":
                self._ended.discard(key)
            return
        if outputs is None:
            return
        record = self._record(event)
        if event.phase == "update" and not self._is_due(record):
            return
        self._saved[record.id] = (time.monotonic(), record.clip)
        if event.phase == "end":
            del self._saved[record.id]
        self._unsaved.append((record, outputs))
        if len(self._unsaved) > MOST_UNSAVED:
            self._unsaved.popleft()
            self.lost += 1
        self._save_all()

    def _record(self, event: Event) -> EventRecord:
        key = (event.rule, event.id)
        known = self._open.get(key)
        if known is None:
            known = EventRecord(
                id=str(ULID()),
                phase="new",
                source=self._camera,
                epoch=event.epoch,
                rule=event.rule,
                kind=event.kind,
                track=event.track_id,
                label=event.label,
                start=self._clock.at(event.start),
                end=None,
                score=event.score,
                zone=event.zone,
            )
        # From start to end it is the source's own time, so that a clock that is set makes no event end before it began.
        end = None if event.end is None else known.start + timedelta(seconds=event.end - event.start)
        record = replace(known, phase=event.phase, end=end, score=event.score)
        if self._media is not None:
            record = self._media.complete(record, event)
        if event.phase == "end":
            self._open.pop(key, None)
        else:
            self._open[key] = record
        return record

    def _is_due(self, record: EventRecord) -> bool:
        saved, clip = self._saved.get(record.id, (float("-inf"), None))
        return record.clip != clip or time.monotonic() - saved >= UPDATE_SECONDS

    def _save_all(self) -> None:
        if time.monotonic() - self._failed < _RETRY_SECONDS:
            return
        while self._unsaved:
            record, outputs = self._unsaved[0]
            try:
                self._store.save(record, outputs)
            except OutputError as error:
                if self._failed == float("-inf"):
                    logger.error("%s: %s; events wait in memory", self._camera, error)
                self._failed = time.monotonic()
                return
            self._unsaved.popleft()
        self._failed = float("-inf")
