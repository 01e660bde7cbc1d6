"""How long something holds: when that is long enough to be told, and when it is over."""

from dataclasses import dataclass, replace

from edgeact.types import EventPhase

_ROUNDING = 1e-6  # seconds; times are sums of floats


@dataclass(frozen=True, slots=True)
class Spell:
    """A time during which a state holds, short gaps left out.

    Attributes:
        since: When it began to hold.
        last: When it held last.
        is_told: Whether it has lasted long enough and was told.
    """

    since: float
    last: float
    is_told: bool = False


def advance(
    spell: Spell | None, *, holds: bool, time: float, at_least: float, gap: float, may_begin: bool = True
) -> tuple[Spell | None, EventPhase | None]:
    """What becomes of a spell with the next frame.

    A spell is over with the first frame that shows, more than ``gap`` after it held last, that it does not hold. Frames
    that do not come show nothing.

    Args:
        spell: So far; None while there is none.
        holds: Whether the state holds in the frame.
        time: Of the frame, not before that of the one before.
        at_least: Seconds that it must have held before it is told.
        gap: Seconds for which it may fail to hold without being over.
        may_begin: Whether it may be told now if it was not before.

    Returns:
        The spell from now on (None: it is over, or there is none), and what is to be told of it: ``new``, ``update``
        (it lasts), ``end`` (it ended at the ``last`` of the spell that was given), or None.
    """
    if not holds:
        if spell is None or time - spell.last <= gap + _ROUNDING:
            return spell, None
        return None, "end" if spell.is_told else None
    spell = Spell(time, time) if spell is None else replace(spell, last=time)
    if spell.is_told:
        return spell, "update"
    if may_begin and spell.last - spell.since >= at_least - _ROUNDING:
        return replace(spell, is_told=True), "new"
    return spell, None
