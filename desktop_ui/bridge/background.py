"""Work that takes time and is no frame, on a thread of its own: its outcome comes back to the window's thread."""

import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from edgeact.capture.address import redact
from edgeact.errors import EdgeactError, PipelineError, remedy_for
from edgeact.stopping import named_thread, start_thread

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


class Background(QObject):
    """Runs work for whoever lives on the window's thread; what comes after `leave` is dropped."""

    _ended = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_left = False
        self._ended.connect(self._tell)

    def run(
        self,
        name: str,
        work: Callable[[], Value],
        done: Callable[[Value], object],
        failed: Callable[[EdgeactError], object],
    ) -> None:
        """Begin some work.

        Args:
            name: Of the thread.
            work: What to do there; raises an `EdgeactError` for what can go wrong.
            done: Told of its value, on the window's thread.
            failed: Told of its error, on the window's thread.
        """

        def run() -> None:
            try:
                value = work()
            except EdgeactError as error:
                fault = error
                self._send(lambda: failed(fault))
            except Exception as error:  # noqa: BLE001 - the top of a thread: logged, and shown like any other
                logger.error("%s failed: %s", name, redact(traceback.format_exc()))
                what = PipelineError(f"{name} failed ({type(error).__name__}); {remedy_for(error)}")
                self._send(lambda: failed(what))
            else:
                self._send(lambda: done(value))

        try:
            start_thread(named_thread(name, run))
        except EdgeactError as error:
            failed(error)

    def leave(self) -> None:
        """Nobody waits any more."""
        self._is_left = True

    def _send(self, tell: Callable[[], object]) -> None:
        if not self._is_left:
            self._ended.emit(tell)

    def _tell(self, tell: Callable[[], object]) -> None:
        if not self._is_left:
            tell()
