"""Whose turn it is among sources of different priority, where there is not enough time for all of them.

Each source has an account of the turns that it has taken, each divided by its priority. A source may take one only
while no other one that wants time has a lower account. So sources that always want time get turns in the ratio of their
priorities (weighted fair queueing; Demers, Keshav and Shenker, SIGCOMM 1989). One that wants none saves no turns up,
and holds nobody up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_ROUNDING = 1e-9


@dataclass(slots=True, eq=False)
class Account:
    """The turns that a source has taken.

    Attributes:
        priority: Above 0.
        used: Turns taken, each divided by the priority.
    """

    priority: float = 1.0
    used: float = 0.0

    def take_turn(self) -> None:
        """Count a turn."""
        self.used += 1.0 / self.priority


def whose_turn(accounts: Sequence[Account], *, wanting: Sequence[bool], able: Sequence[bool]) -> list[int]:
    """Which sources may take a turn now.

    Args:
        accounts: Of all sources; those that want no time are brought up to the lowest of the others.
        wanting: Of each whether it wants time: something of it waits or is at work.
        able: Of each whether it could take a turn now.

    Returns:
        The places of those that may, of the able ones.
    """
    rows = [row for row, is_able in enumerate(able) if is_able]
    if len({account.priority for account in accounts}) < 2:
        return rows  # equals: whoever can
    lowest = min((account for account, wants in zip(accounts, wanting, strict=True) if wants), key=_used, default=None)
    if lowest is None:
        return rows
    # As it stood when that one's last turn began: whoever pauses for less than a turn loses nothing.
    least = lowest.used - 1.0 / lowest.priority
    for account, wants in zip(accounts, wanting, strict=True):
        if not wants:
            account.used = max(account.used, least)
    return [row for row in rows if accounts[row].used <= lowest.used + _ROUNDING]


def _used(account: Account) -> float:
    return account.used
