"""Scripts of the clips that measure tracking: the paths of people who cross, hide, meet, leave and return, and crowds.

A script says nothing of bodies and places. It is drawn at random for a stage whose width in the picture is known, so
that it fits any camera. Depths are metres from the camera; a place "outside" cannot be seen.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trainer.data.studio.walk_path import Stop

_OUTSIDE = 0.9  # metres beyond the picture's edge where nothing of a person is seen
_STRIDE = 1.25  # metres per second, about, of a person who walks


@dataclass(frozen=True, slots=True)
class Walk:
    """The path of one person.

    Attributes:
        stops: Where.
        speed: Factor on the gait's own.
    """

    stops: tuple[Stop, ...]
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Script:
    """A clip's people and things.

    Attributes:
        walks: One for each person.
        columns: X, depth and width, in metres, of what people can hide behind.
        seconds: Duration.
    """

    walks: tuple[Walk, ...]
    columns: tuple[tuple[float, float, float], ...] = ()
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The part of the floor that a camera sees.

    Attributes:
        slope: Half of the picture's width in metres, for each metre of depth.
    """

    slope: float

    def at(self, across: float, depth: float) -> tuple[float, float]:
        """X and Z of a place; ``across`` is -1 at the picture's left edge and 1 at its right one."""
        return across * self.slope * depth, -depth

    def outside(self, side: float, depth: float) -> tuple[float, float]:
        """X and Z of a place beyond the left (-1) or right (1) edge."""
        return side * (self.slope * depth + _OUTSIDE), -depth


Rng = np.random.Generator


def crossing(stage: Stage, rng: Rng) -> Script:
    """Four people cross the picture at several depths, two from each side, so that their ways cross in the middle."""
    walks = []
    for index, depth in enumerate(rng.permutation([4.2, 5.0, 5.8, 6.6])):
        side = 1.0 if index % 2 else -1.0
        ends = depth + rng.uniform(-0.4, 0.4)
        start = Stop(stage.outside(-side, depth), pause=float(rng.uniform(0.0, 2.5)))
        walks.append(Walk((start, Stop(stage.outside(side, ends))), speed=float(rng.uniform(0.85, 1.25))))
    return Script(tuple(walks))


def behind_column(stage: Stage, rng: Rng) -> Script:
    """Two people walk behind a column from both sides, wait there, and go on or turn back; two others walk by."""
    x, walks = float(rng.uniform(-0.25, 0.25)), []
    hidden = (x * stage.slope * 4.0) * 6.2 / 4.0  # the place at depth 6.2 that lies behind the column
    for side in (-1.0, 1.0):
        turns_back = rng.random() < 0.5
        last = side if turns_back else -side
        walks.append(
            Walk(
                (
                    Stop(stage.at(side * 0.9, 6.2), pause=float(rng.uniform(0.0, 0.6))),
                    Stop((hidden + side * 0.22, -6.2), pause=float(rng.uniform(0.3, 1.6))),
                    Stop(stage.outside(last, 6.2 + side * 0.3)),
                )
            )
        )
    side = float(rng.choice([-1.0, 1.0]))
    walks.append(Walk((Stop(stage.outside(side, 5.2), pause=1.0), Stop(stage.outside(-side, 5.2)))))
    walks.append(Walk((Stop(stage.at(0.75 * side, 7.5), pause=8.0), Stop(stage.at(0.6 * side, 7.5)))))
    return Script(tuple(walks), columns=((x * stage.slope * 4.0, 4.0, float(rng.uniform(0.7, 0.95))),))


def behind_others(stage: Stage, rng: Rng) -> Script:
    """Two people stand; a third steps behind one of them, waits there and comes out again; a fourth passes in front."""
    across = float(rng.uniform(0.15, 0.45))
    side = float(rng.choice([-1.0, 1.0]))
    standing = [Walk((Stop(stage.at(s * across, 5.0), pause=9.5), Stop(stage.at(0.0, 5.0)))) for s in (-1.0, 1.0)]
    hider = Walk(
        (
            Stop(stage.outside(side, 6.3)),
            Stop(stage.at(side * across, 6.3), pause=float(rng.uniform(1.0, 3.0))),
            Stop(stage.outside(float(rng.choice([-1.0, 1.0])), 6.3)),
        )
    )
    passing = Walk(
        (Stop(stage.outside(-side, 3.9), pause=float(rng.uniform(0.5, 3.0))), Stop(stage.outside(side, 4.1)))
    )
    return Script((*standing, hider, passing))


def meeting(stage: Stage, rng: Rng) -> Script:
    """Two pairs meet, stand close together, and part: each person goes on or turns back."""
    walks = []
    for middle, depth in ((-0.5, 4.8), (0.5, 6.0)):
        for side in (-1.0, 1.0):
            apart = float(rng.uniform(0.22, 0.4))
            x, z = stage.at(middle, depth)
            leaves = side if rng.random() < 0.5 else -side
            walks.append(
                Walk(
                    (
                        Stop(stage.at(middle + side * 0.45, depth + rng.uniform(-0.3, 0.3)), pause=rng.uniform(0, 0.8)),
                        Stop((x + side * apart, z + side * 0.25), pause=float(rng.uniform(1.0, 3.0))),
                        Stop(stage.at(middle + leaves * 0.38, depth + rng.uniform(-0.4, 0.4))),
                    ),
                    speed=float(rng.uniform(0.9, 1.15)),
                )
            )
    return Script(tuple(walks))


def coming_back(stage: Stage, rng: Rng) -> Script:
    """Two people leave the picture, by the same side or by both, and come back after a while; a third one stays."""
    walks, first = [], float(rng.choice([-1.0, 1.0]))
    for index, depth in enumerate((4.6, 5.8)):
        side = first if index == 0 or rng.random() < 0.5 else -first
        away = Stop(stage.outside(side, depth), pause=float(rng.uniform(0.3, 2.5)))
        start = Stop(stage.at(-0.1 * side, depth), pause=float(rng.uniform(0.2, 1.0)))
        walks.append(Walk((start, away, Stop(stage.at(rng.uniform(-0.3, 0.3) - 0.2 * side, depth), pause=5.0))))
    walks.append(Walk((Stop(stage.at(-0.7 * first, 7.0), pause=9.0), Stop(stage.at(-0.6 * first, 7.0)))))
    return Script(tuple(walks))


def crowd(stage: Stage, rng: Rng) -> Script:
    """A street: sixteen people walk across, towards the camera and away from it, some of them in pairs."""
    walks: list[Walk] = []
    while len(walks) < 16:
        depth, side = float(rng.uniform(5.5, 12.0)), float(rng.choice([-1.0, 1.0]))
        speed, pairs = float(rng.uniform(0.8, 1.3)), rng.random() < 0.35
        if rng.random() < 0.65:
            start = stage.at(side * rng.uniform(0.1, 1.3), depth)
            end = stage.outside(-side, depth + rng.uniform(-1.0, 1.0))
        else:
            across = float(rng.uniform(-0.8, 0.8))
            near, far = stage.at(across, 5.5), stage.at(across * rng.uniform(0.3, 1.0), 13.0)
            start, end = (near, far) if rng.random() < 0.5 else (far, near)
        wait = float(rng.uniform(0.0, 1.5))
        walks.append(Walk((Stop(start, pause=wait), Stop(end)), speed))
        if pairs:
            beside = [(x + rng.uniform(-0.1, 0.1), z - 0.65) for x, z in (start, end)]
            walks.append(Walk((Stop(beside[0], pause=wait), Stop(beside[1])), speed))
    return Script(tuple(walks[:16]), seconds=10.0)


SCRIPTS: dict[str, Callable[[Stage, Rng], Script]] = {
    "crossing": crossing,
    "behind a column": behind_column,
    "behind others": behind_others,
    "meeting": meeting,
    "coming back": coming_back,
    "crowd": crowd,
}
