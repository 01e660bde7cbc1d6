"""The rules of one source, which may be changed while frames run."""

import threading
from collections.abc import Sequence
from datetime import datetime

from desktop_ui.model.rule_book import RuleBook, daemon_config
from edgeact.bundle.plan import Plan
from edgeact.daemon.judge import Judge
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
            self._judge = make_judge(book, self._camera, self._plan)
        found = () if self._judge is None else self._judge.take(observation, moment)
        return (*ended, *found)

    def finish(self) -> Sequence[Event]:
        """End what is open."""
        judge, self._judge = self._judge, None
        return () if judge is None else judge.finish()
