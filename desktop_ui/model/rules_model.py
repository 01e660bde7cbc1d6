"""The rules of a window while it is open: the book, with undo, and who is told of changes."""

from collections.abc import Callable

from desktop_ui.model.listeners import Listeners
from desktop_ui.model.rule_book import RuleBook
from desktop_ui.model.undo import Step, UndoStack


class RulesModel:
    """Holds the rule book; used on the window's thread.

    Args:
        undo: Takes changes back.

    Attributes:
        changed: The book is another one now.
    """

    def __init__(self, undo: UndoStack) -> None:
        self.changed = Listeners()
        self._undo = undo
        self._book = RuleBook()

    @property
    def book(self) -> RuleBook:
        """As it is now; may be read from any thread."""
        return self._book

    def load(self, book: RuleBook) -> None:
        """Take a book that was read; nothing to be taken back."""
        self._put(book)

    def change(self, words: str, change: Callable[[RuleBook], RuleBook]) -> None:
        """Change the book, so that it can be taken back.

        Args:
            words: What is done, as undo names it.
            change: Gives the new book of the old one.

        Raises:
            ValueError: What is wished is not possible; then nothing has changed.
        """
        before = self._book
        after = change(before)
        self._undo.do(Step(words, undo=lambda: self._put(before), redo=lambda: self._put(after)))

    def _put(self, book: RuleBook) -> None:
        self._book = book
        self.changed.notify()
