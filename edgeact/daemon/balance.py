"""Looks every few seconds whether there is time for all that cameras ask for, and lets them give up steps."""

import logging
from collections.abc import Sequence
from typing import Any

from edgeact.daemon.camera import Camera
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.shedding import Shedding
from edgeact.runtime.session import Session

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # long enough for a rate to be one, short enough not to fall behind for long


class Balance:
    """Keeps what the cameras get and what there is time for together.

    Args:
        session: Whose perceiving threads are looked at.
        cameras: In it.
        config: With the steps and the priorities.
    """

    def __init__(self, session: Session[Any], cameras: Sequence[Camera], config: DaemonConfig) -> None:
        self._session, self._cameras = session, {camera.watched.name: camera for camera in cameras}
        priorities = {name: config.cameras[name].priority for name in self._cameras}
        self._shedding = Shedding(config.budget.shed, priorities)
        self._looked: float | None = None
        self._busy: dict[str, float] = {}

    def advance(self, now: float) -> None:
        """Look, when it is time to.

        Args:
            now: Of `time.monotonic`.
        """
        if self._looked is not None and now - self._looked < LOOK_SECONDS:
            return
        busy = self._session.busy_seconds()
        loads = {name: load for name, camera in self._cameras.items() if (load := camera.load(now)) is not None}
        if self._looked is not None:
            worked = max(busy[thread] - self._busy[thread] for thread in busy) / (now - self._looked)
            before = dict(self._shedding.levels)
            changed = self._shedding.advance(now, loads, worked)
            if changed is not None:
                self._apply(changed, is_less=self._shedding.levels[changed] > before[changed])
        self._looked, self._busy = now, busy

    def _apply(self, name: str, *, is_less: bool) -> None:
        camera, steps = self._cameras[name], self._shedding.given_up(name)
        camera.give_up(steps)
        if is_less:
            logger.warning("%s: there is not time for everything; given up is %s", name, ", ".join(steps))
        else:
            logger.warning("%s: there is time again; given up is %s", name, ", ".join(steps) or "nothing")
