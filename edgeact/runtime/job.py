"""What a session is given for each source: the source, its outlets, what it may take; and the queues for that."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edgeact.capture.base import Source
from edgeact.memory import frames_in_work
from edgeact.perception.pace import Pace
from edgeact.perception.stages import Followed, Looked
from edgeact.queues import BoundedQueue
from edgeact.runtime.budget import Budget
from edgeact.runtime.outlet import Outlet
from edgeact.types import Frame, Observation, Perceived, UInt8


@dataclass(frozen=True, slots=True, eq=False)
class SourceJob:
    """A source and what is to be done with it.

    Attributes:
        source: Where frames come from.
        outlets: Where observations and events go.
        draw: Makes the picture ``(H, W, 3)`` uint8 RGB of an observation; called when an outlet takes pictures.
        on_observation: Told of every observation before it is given out; must be quick.
        budget: What it may take.
        pace: How thoroughly it is perceived; may be changed while it runs.
        conceal: Gives each observation with a picture that may be shown; called before all else that is told of it, so
            that no outlet ever sees another.
    """

    source: Source
    outlets: Sequence[Outlet] = ()
    draw: Callable[[Observation], UInt8] | None = None
    on_observation: Callable[[Observation], None] | None = None
    budget: Budget = field(default_factory=Budget)
    pace: Pace = field(default_factory=Pace)
    conceal: Callable[[Observation], Observation] | None = None


class SourceQueues:
    """The queues of one source between the stages, in the order in which frames go through them.

    Args:
        job: The source, and what it may take.
        lock: That all queues of the session share.
        stages: What tells each of the perceiving stages that there is work: detect, track, act.
    """

    def __init__(
        self,
        job: SourceJob,
        lock: "threading.RLock",
        stages: tuple[threading.Condition, threading.Condition, threading.Condition],
    ) -> None:
        info, budget = job.source.info, job.budget
        live = info.live
        detect, track, act = stages
        self.in_work = frames_in_work(info, memory=budget.memory, drawn=job.draw is not None)
        self.capacity = min(budget.queue_frames, self.in_work)
        # Between the perceiving stages only what lets the first one finish a detection while the next one has something
        # to do.
        between = 1 if live else max(1, self.capacity // 2)
        self.frames: BoundedQueue[Frame] = BoundedQueue(
            1 if live else self.capacity, drops_oldest=live, lock=lock, taker=detect
        )
        self.looked: BoundedQueue[Looked] = BoundedQueue(between, lock=lock, giver=detect, taker=track)
        self.followed: BoundedQueue[Followed] = BoundedQueue(between, lock=lock, giver=track, taker=act)
        self.perceived: BoundedQueue[Perceived] = BoundedQueue(1 if live else self.capacity, lock=lock, giver=act)

    def close(self, *, discard: bool) -> None:
        """Close all queues, the last one first: the frames that still pass are then the oldest ones, without a gap."""
        for queue in (self.perceived, self.followed, self.looked, self.frames):
            queue.close(discard=discard)

    def abort(self) -> None:
        """Stop everybody who waits at one of them."""
        for queue in (self.frames, self.looked, self.followed, self.perceived):
            queue.abort()
