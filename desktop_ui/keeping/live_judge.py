"""The rules of one source, which may be changed while frames run; a new one sees what is held of the past, too."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desktop_ui.keeping.held_frames import HeldFrame, HeldFrames
from desktop_ui.model.rule_book import Points, RuleBook, daemon_config
from edgeact.bundle.plan import Plan
from edgeact.daemon.judge import Judge
from edgeact.daemon.rule_config import RuleConfig
from edgeact.types import Event, Observation


def make_judge(book: RuleBook, camera: str, plan: Plan) -> Judge | None:
    """The judge of one source by the rules of a book; None where it has no rules, or the bundle sees no persons.

    Args:
        book: The rules.
        camera: Name of the source in the book.
        plan: Of the bundle.
    """
    config = daemon_config(book, camera)
    return None if config is None or plan.persons is None else Judge(camera, config, plan)


@dataclass(frozen=True, slots=True)
class _Wording:
    """All that a rule says of a source: the rule, and the corners of its zones and lines."""

    rule: RuleConfig
    points: tuple[Points, ...]


@dataclass(frozen=True, slots=True)
class _AtWork:
    wording: _Wording
    judge: Judge


class LiveJudge:
    """Judges whose rules are put in by the window's thread and evaluated by the thread that keeps events.

    A rule that stays as it was goes on, whatever becomes of the others. One with a new name is shown the past first,
    so that whoever has stood in a zone since before it was drawn is told of with the time at which that began.

    Args:
        camera: Name of the source in the rule book.
        plan: Of the bundle.
        held: The last pictures of a live source; None for files, which are judged again as a whole.
    """

    def __init__(self, camera: str, plan: Plan, held: HeldFrames | None = None) -> None:
        self._camera, self._plan, self._held = camera, plan, held
        self._lock = threading.Lock()
        self._next: RuleBook | None = None
        self._is_first = True  # the rules of the beginning are there before the first frame
        self._at_work: dict[str, _AtWork] = {}  # by the rule's name
        self._judged_until: dict[str, float] = {}  # names that were at work before: undo may bring them back
        self._last = float("-inf")  # of `time.monotonic`, of the newest frame
        self._ended: list[Event] = []

    def use(self, book: RuleBook) -> None:
        """Judge by these rules from the next frame on; events of rules that are gone or changed end then."""
        with self._lock:
            self._next = book

    def past(self, observation: Observation, moment: datetime) -> Iterator[tuple[HeldFrame, Sequence[Event]]]:
        """What rules that are new say of what is held of the same connection; to be asked before `take`.

        Args:
            observation: The next one; it is not among what is held yet.
            moment: When it was captured.
        """
        frame = observation.frame
        for name in self._take_book():
            since = self._judged_until.get(name, float("-inf"))
            for held in () if self._held is None else self._held.all():
                seen = held.seen.frame
                if seen.epoch == frame.epoch and seen.time < frame.time and seen.captured > since:
                    then = moment - timedelta(seconds=frame.captured - seen.captured)
                    events = self._at_work[name].judge.take(held.seen, then)
                    if events:
                        yield held, events

    def take(self, observation: Observation, moment: datetime) -> Sequence[Event]:
        """The events that begin, go on or end with an observation."""
        self._take_book()
        self._last = observation.frame.captured
        ended, self._ended = self._ended, []
        return [*ended, *(event for one in self._at_work.values() for event in one.judge.take(observation, moment))]

    def finish(self) -> Sequence[Event]:
        """End what is open."""
        for name in tuple(self._at_work):
            self._stop(name)
        ended, self._ended = self._ended, []
        return ended

    def _take_book(self) -> list[str]:
        """Begin to judge by the newest rules; the names of those that have not been at work before, or not lately."""
        with self._lock:
            book, self._next = self._next, None
        if book is None:
            return []
        wordings = {name: _wording(book, self._camera, name) for name in book.rules_of(self._camera)}
        changed = [name for name, one in self._at_work.items() if wordings.get(name) != one.wording]
        for name in changed:
            self._stop(name)
        new = []
        for name, wording in wordings.items():
            if name in self._at_work:
                continue
            judge = make_judge(replace(book, rules={name: wording.rule}), self._camera, self._plan)
            if judge is not None:
                self._at_work[name] = _AtWork(wording, judge)
                if name not in changed and not self._is_first:
                    new.append(name)
        self._is_first = False
        return new

    def _stop(self, name: str) -> None:
        self._ended += self._at_work.pop(name).judge.finish()
        self._judged_until[name] = self._last


def _wording(book: RuleBook, camera: str, name: str) -> _Wording:
    rule, areas = book.rules[name], book.of(camera)
    named = (*rule.when.zones, *([] if rule.when.cross is None else [rule.when.cross]))
    return _Wording(rule, tuple(areas.points_of(area) for area in named))
