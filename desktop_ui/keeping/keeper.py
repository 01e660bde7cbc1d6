"""Keeps the events of the window's sources, on a thread of its own and in SQLite, so that they survive a restart."""

import logging
import queue
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from desktop_ui.keeping.event_media import WindowEventMedia
from desktop_ui.keeping.held_frames import HeldFrames
from desktop_ui.keeping.live_judge import LiveJudge
from desktop_ui.model.event_list import KeptEvent
from desktop_ui.model.rule_book import RuleBook
from edgeact.bundle.plan import Plan
from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.event_sink import EventSink
from edgeact.daemon.event_store import EventStore
from edgeact.errors import OutputError
from edgeact.privacy.areas import PrivacyMode
from edgeact.sinks.base import SinkInput
from edgeact.stopping import named_thread, start_thread
from edgeact.types import Event, Observation, UInt8

logger = logging.getLogger(__name__)

MOST_EVENTS = 2000  # in the list; older ones stay in the store
KEEP_DAYS = 30.0
EVENTS_NAME = "events.sqlite"

Hidden = Callable[[Observation], tuple[Observation, PrivacyMode | None]]


class Keeper:
    """All events of a window. May be used from any thread.

    Args:
        folder: Where events, pictures and clips are kept; made when there is something to keep.
        changed: Told that the list has changed; from any thread.
        alerted: Told of an alert that has begun; from any thread.
    """

    def __init__(self, folder: Path, changed: Callable[[], None], alerted: Callable[[KeptEvent], None]) -> None:
        self.folder = folder
        self._changed, self._alerted = changed, alerted
        self._lock = threading.Lock()
        self._events: dict[str, KeptEvent] = {}
        self._store: EventStore | None = None
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = named_thread("window's keeper", self._run)
        self.fault: str | None = None

    def start(self) -> None:
        """Open the store, and read what is in it.

        Raises:
            PipelineError: The system gives no more threads.
        """
        self.later(self._open)
        start_thread(self._thread)

    def later(self, work: Callable[[], None]) -> None:
        """Do something on the keeper's thread, after what it has to do already."""
        self._work.put(work)

    def events(self) -> tuple[KeptEvent, ...]:
        """The newest events, the newest first."""
        with self._lock:
            found = list(self._events.values())
        return tuple(sorted(found, key=lambda event: (event.record.start, event.record.id), reverse=True))

    def acknowledge(self, identities: Sequence[str]) -> None:
        """Somebody has looked at events."""
        with self._lock:
            for identity in identities:
                known = self._events.get(identity)
                if known is not None:
                    self._events[identity] = replace(known, acknowledged=True)
        self._changed()

        def write() -> None:
            if self._store is not None:
                try:
                    self._store.acknowledge(list(identities))
                except OutputError as error:
                    logger.error("%s", error)

        self.later(write)

    def note(self, record: EventRecord, key: int, at: float) -> None:
        """Add an event of one of this window's sources to the list, or update it when it goes on or ends."""
        with self._lock:
            known = self._events.get(record.id)
            is_new = known is None
            kept = KeptEvent(record, key, at) if known is None else replace(known, record=record)
            self._events[record.id] = kept
            if len(self._events) > MOST_EVENTS:
                oldest = min(self._events.values(), key=lambda event: event.record.start)
                del self._events[oldest.record.id]
        self._changed()
        if is_new and kept.is_alert:
            self._alerted(kept)

    def forget(self, key: int) -> None:
        """Take the events of a file out of the list: it is perceived anew."""
        with self._lock:
            self._events = {identity: event for identity, event in self._events.items() if event.key != key}
        self._changed()

    def replace_alerts(self, key: int, alerts: Sequence[KeptEvent]) -> None:
        """Put other alerts of a file in the place of those that there are: it was judged once more."""
        with self._lock:
            kept = {
                identity: event for identity, event in self._events.items() if event.key != key or not event.is_alert
            }
            self._events = kept | {event.record.id: event for event in alerts}
        self._changed()

    def save(self, record: EventRecord) -> None:
        """Put a phase of an event into the store.

        Raises:
            OutputError: It cannot be written, or the store is not open yet.
        """
        if self._store is None:
            raise OutputError(f"{self.folder / EVENTS_NAME} is not open yet")
        self._store.save(record)

    def close(self, seconds: float) -> bool:
        """Finish what is to be done, and end; whether that has come to an end in time."""
        self._work.put(None)
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    # From here on: the keeper's thread.

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except Exception:  # noqa: BLE001 - the top of a thread: one piece of work that fails leaves the others
                logger.error("something could not be kept: %s", traceback.format_exc())
        if self._store is not None:
            self._store.close()

    def _open(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            store = EventStore(self.folder / EVENTS_NAME)
            store.end_left_open()
            store.tidy(datetime.now(timezone.utc) - timedelta(days=KEEP_DAYS))
            acknowledged = store.acknowledged()
            found = [KeptEvent(record, acknowledged=record.id in acknowledged) for record in store.newest(MOST_EVENTS)]
        except (OutputError, OSError) as error:
            logger.error("%s", error)
            self.fault = str(error)
            self._changed()
            return
        with self._lock:
            self._events = {event.record.id: event for event in found} | self._events
        self._store = store
        self._changed()


class KeepingSink:
    """Keeps the events and the last pictures of one source. Used from one thread.

    Args:
        keeper: Where events go.
        key: Of the source in the window.
        camera: Its name.
        plan: Of the bundle.
        book: The rules.
        held: Holds the last pictures of a live source; None of a file, whose events are not written into the store,
            because whoever opens the file again finds them again.
        hidden: Gives an observation with a picture that may be kept, and what is hidden in it.
    """

    def __init__(
        self,
        keeper: Keeper,
        key: int,
        camera: str,
        plan: Plan,
        book: RuleBook,
        *,
        held: HeldFrames | None,
        hidden: Hidden,
    ) -> None:
        self._keeper, self._key, self._held, self._hidden = keeper, key, held, hidden
        self.judge = LiveJudge(camera, plan, held)
        self.judge.use(book)
        self._media = WindowEventMedia(keeper.folder, plan, held, keeper.later)
        self._events = EventSink(camera, self, lambda _rule: (), self.judge, self._media)

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations and events."""
        return frozenset({"observations", "events"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Hold the picture, and judge what is seen."""
        concealed, privacy = self._hidden(observation)
        self._judge_past(concealed)
        if self._held is not None and privacy is not None:
            self._held.note(concealed, privacy)
        self._events.write(concealed, picture)

    def _judge_past(self, observation: Observation) -> None:
        """Keep what new rules say of the past, with the pictures of then."""
        age = max(0.0, time.monotonic() - observation.frame.captured)
        moment = datetime.now(timezone.utc) - timedelta(seconds=age)
        for held, events in self.judge.past(observation, moment):
            self._media.note(held.observation())
            for event in events:
                self._events.write_event(event)

    def write_event(self, event: Event) -> None:
        """Keep a phase of an event."""
        self._events.write_event(event)

    def close(self) -> None:
        """End what is open."""
        self._events.close()
        self._media.close()

    def abort(self) -> None:
        """Do the same as `close`: what was seen is kept."""
        self.close()

    def save(self, record: EventRecord, outputs: Sequence[str] = ()) -> None:
        """What the event sink has to keep.

        Raises:
            OutputError: See `Keeper.save`.
        """
        assert not outputs, "the window sends nothing"
        if self._held is not None:
            self._keeper.save(record)
        at = self._media.began.get(record.id, 0.0)
        if record.phase == "end":
            self._media.began.pop(record.id, None)
        self._keeper.note(record, self._key, at)
