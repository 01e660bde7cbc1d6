"""The sink that holds the last pictures of a source."""

from collections.abc import Callable

from desktop_ui.keeping.held_frames import HeldFrames
from edgeact.privacy.areas import PrivacyMode
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Observation, UInt8


class HoldingSink:
    """Gives every observation to `HeldFrames`.

    Args:
        held: Where pictures are held.
        hidden: Gives an observation with a picture that may be kept, and what is hidden in it; None where that is not
            known, and then the frame is not held.
    """

    def __init__(
        self, held: HeldFrames, hidden: Callable[[Observation], tuple[Observation, PrivacyMode | None]]
    ) -> None:
        self._held, self._hidden = held, hidden

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations."""
        return frozenset({"observations"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Hold the frame, if it is one of those that are held."""
        concealed, privacy = self._hidden(observation)
        if privacy is not None:
            self._held.note(concealed, privacy)

    def write_event(self, event: Event) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing: what is held may still be looked at."""

    def abort(self) -> None:
        """Do nothing."""
