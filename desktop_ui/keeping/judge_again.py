"""Judges a file once more, because its rules have changed after its frames were perceived."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
from ulid import ULID

from desktop_ui.keeping.live_judge import make_judge
from desktop_ui.model.event_list import KeptEvent
from desktop_ui.model.rule_book import RuleBook
from edgeact.bundle.plan import Plan
from edgeact.daemon.event_record import EventRecord
from edgeact.types import Event, Observation


def judge_again(
    frames: Iterable[tuple[Observation, tuple[int, int]]], book: RuleBook, camera: str, key: int, plan: Plan
) -> tuple[KeptEvent, ...]:
    """The alerts of a file by other rules.

    Args:
        frames: What was perceived, in order, without pictures, and width and height of each.
        book: The rules.
        camera: Name of the file in the book.
        key: Of the file in the window.
        plan: Of the bundle that has perceived it.
    """
    judge, now = make_judge(book, camera, plan), datetime.now(timezone.utc)
    if judge is None:
        return ()
    told: dict[int, Event] = {}
    for seen, (width, height) in frames:
        empty = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (height, width, 3))
        sized = replace(seen, frame=replace(seen.frame, image=empty))
        for event in judge.take(sized, now):
            told[event.id] = event
    for event in judge.finish():
        told[event.id] = event
    return tuple(_kept(event, camera, key, now) for event in told.values())


def _kept(event: Event, camera: str, key: int, now: datetime) -> KeptEvent:
    lasted = None if event.end is None else timedelta(seconds=event.end - event.start)
    record = EventRecord(
        id=str(ULID()),
        phase=event.phase,
        source=camera,
        epoch=event.epoch,
        rule=event.rule,
        kind=event.kind,
        track=event.track_id,
        label=event.label,
        start=now,
        end=None if lasted is None else now + lasted,
        score=event.score,
        zone=event.zone,
    )
    return KeptEvent(record, key, event.start)
