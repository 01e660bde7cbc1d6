"""Who is told when something of the model has changed."""

from collections.abc import Callable


class Listeners:
    """Functions that are called when something has changed; used on the window's thread only.

    They are given nothing: whoever listens reads the model, so that no listener sees an older value than another one.
    """

    def __init__(self) -> None:
        self._functions: list[Callable[[], None]] = []

    def connect(self, function: Callable[[], None]) -> None:
        """Call ``function`` from now on."""
        self._functions.append(function)

    def notify(self) -> None:
        """Call all, in the order in which they were connected."""
        for function in tuple(self._functions):
            function()
