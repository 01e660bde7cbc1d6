"""Hides in every frame what the chosen privacy says, before anything of the window sees it.

The runtime's own `Concealer` does it, the same that hides people from what cameras store; here it may be switched while
frames run.
"""

from collections import OrderedDict
from collections.abc import Callable

from edgeact.bundle.plan import Plan
from edgeact.privacy.areas import PrivacyMode
from edgeact.privacy.concealer import Concealer
from edgeact.types import Frame, Observation

_REMEMBERED = 64  # frames that are between this and the tile at most, many times over


class SwitchableConcealer:
    """Conceals the frames of one source; called from one thread.

    Args:
        mode: What is left of people; asked for every frame.
        plan: Of the bundle.
        most_persons: As many as are followed at most.
    """

    def __init__(self, mode: Callable[[], PrivacyMode], plan: Plan, *, most_persons: int) -> None:
        self._mode, self._plan, self._most_persons = mode, plan, most_persons
        self._concealer = self._made("none")
        self._now: PrivacyMode = "none"
        self._modes: OrderedDict[tuple[int, int], PrivacyMode] = OrderedDict()

    def __call__(self, observation: Observation) -> Observation:
        """The same observation with people hidden in its picture, as the mode says now."""
        asked = self._mode()
        # Where nobody knows where people are, nothing of the picture may be shown.
        mode = "skeleton" if asked in ("heads", "persons") and self._plan.persons is None else asked
        if mode != self._now:
            self._concealer, self._now = self._made(mode), mode
        frame = observation.frame
        self._modes[frame.epoch, frame.index] = asked
        while len(self._modes) > _REMEMBERED:
            self._modes.popitem(last=False)
        return self._concealer(observation)

    def mode_of(self, frame: Frame) -> PrivacyMode | None:
        """What was hidden in a frame; None of one that was not seen here lately. May be asked from any thread."""
        return self._modes.get((frame.epoch, frame.index))

    def _made(self, mode: PrivacyMode) -> Concealer:
        return Concealer(mode, self._plan, most_persons=self._most_persons)
