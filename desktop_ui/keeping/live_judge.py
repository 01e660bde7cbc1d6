"""The rules of one source, which may be changed while frames run."""

import threading
from collections.abc import Sequence
from datetime import datetime

from desktop_ui.model.rule_book import RuleBook, daemon_config
from edgeact.bundle.plan import Plan
from edgeact.daemon.judge import Judge
from edgeact.types import Event, Observation


class LiveJudge:
    """A judge whose rules are put in by the window's thread and evaluated by the thread that keeps events.

    Args:
        camera: Name of the source in the rule book.
        plan: Of the bundle.
    """

    def __init__(self, camera: str, plan: Plan) -> None:
        self._camera, self._plan = camera, plan
        self._lock = threading.Lock()
        self._next: RuleBook | None = None
        self._judge: Judge | None = None

    def use(self, book: RuleBook) -> None:
        """Judge by these rules from the next frame on; events that are open end then."""
        with self._lock:
            self._next = book

    def take(self, observation: Observation, moment: datetime) -> Sequence[Event]:
        """The events that begin, go on or end with an observation."""
        with self._lock:
            book, self._next = self._next, None
        ended: Sequence[Event] = ()
        if book is not None:
            ended = self.finish()
            config = daemon_config(book, self._camera)
            is_possible = self._plan.persons is not None and config is not None
            self._judge = Judge(self._camera, config, self._plan) if is_possible and config is not None else None
        found = () if self._judge is None else self._judge.take(observation, moment)
        return (*ended, *found)

    def finish(self) -> Sequence[Event]:
        """End what is open."""
        judge, self._judge = self._judge, None
        return () if judge is None else judge.finish()
