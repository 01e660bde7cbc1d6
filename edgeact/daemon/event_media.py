"""Pictures and recordings of the events of one camera: which event gets them, and when."""

from collections.abc import Callable
from dataclasses import replace

from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.recorder import Recorder
from edgeact.daemon.snapshots import Snapshots
from edgeact.types import Event, Observation


class EventMedia:
    """Gives the events of one camera their snapshots and clips. Used from the thread of the camera's events.

    Args:
        wanted: What the events of a rule (None: of an action that no rule asked for) get: ``clip``, ``snapshot``.
        recorder: Of the camera; None without recordings.
        snapshots: Of the camera; None without pictures.
    """

    def __init__(
        self,
        wanted: Callable[[str | None], frozenset[str]],
        *,
        recorder: Recorder | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self._wanted, self._recorder, self._snapshots = wanted, recorder, snapshots
        self._newest: Observation | None = None

    def note(self, observation: Observation) -> None:
        """Keep the newest observation: the snapshots of the events that follow show it."""
        self._newest = observation

    def complete(self, record: EventRecord, event: Event) -> EventRecord:
        """A copy of the record with the paths of its snapshot and clip, as far as there are any.

        Args:
            record: Of a phase of an event.
            event: The same, in the source's own time.
        """
        wanted, newest = self._wanted(event.rule), self._newest
        if newest is None:
            return record
        if event.phase == "new" and "snapshot" in wanted and self._snapshots is not None:
            record = replace(record, snapshot=self._snapshots.take(record.id, newest))
        if "clip" in wanted and self._recorder is not None:
            if record.clip is None:  # at the very beginning of a connection there may be nothing to record yet
                frame = newest.frame
                since = frame.captured - max(0.0, frame.time - event.start)
                record = replace(record, clip=self._recorder.clip_of(record.id, since))
            if event.phase == "end":
                self._recorder.release(record.id)
        return record

    def release(self, event: str) -> None:
        """End the clip of an event that ends because its camera does."""
        if self._recorder is not None:
            self._recorder.release(event)
