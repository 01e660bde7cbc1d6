"""What the operator can take back: zones, rules and corrections, in the order in which they were made."""

from collections.abc import Callable
from dataclasses import dataclass

from desktop_ui.model.listeners import Listeners

_MOST = 200


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done: what it is called, how it is taken back, and how it is done again."""

    words: str
    undo: Callable[[], None]
    redo: Callable[[], None]


class UndoStack:
    """Steps that can be taken back, and those that were.

    Attributes:
        changed: There are others now.
    """

    def __init__(self) -> None:
        self.changed = Listeners()
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def do(self, step: Step) -> None:
        """Do something, and remember how to take it back."""
        step.redo()
        self._done = [*self._done, step][-_MOST:]
        self._undone = []
        self.changed.notify()

    def undo(self) -> str | None:
        """Take the last step back; what it was called, or None where there is none."""
        if not self._done:
            return None
        step = self._done.pop()
        step.undo()
        self._undone.append(step)
        self.changed.notify()
        return step.words

    def redo(self) -> str | None:
        """Do again what was taken back last; what it was called, or None where there is none."""
        if not self._undone:
            return None
        step = self._undone.pop()
        step.redo()
        self._done.append(step)
        self.changed.notify()
        return step.words
