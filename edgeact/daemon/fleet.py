"""The cameras of the daemon, all of them: run, kept in balance, and changed while the others go on."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from edgeact.bundle.plan import Plan
from edgeact.daemon.balance import Balance
from edgeact.daemon.camera import Camera
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.kept_switches import KeptSwitches
from edgeact.daemon.reload import accepted, changed_cameras
from edgeact.daemon.switches import Command, check_command, is_on, switched
from edgeact.errors import EdgeactError, UsageError
from edgeact.runtime.session import Session
from edgeact.watching.watched import Watched

logger = logging.getLogger(__name__)

SWITCH_SECONDS = 5.0  # a camera that is begun anew by a switch is not begun anew again so soon


class Fleet:
    """All cameras of a configuration.

    Args:
        session: That they run in.
        config: The configuration, as its file has it.
        make_camera: Makes the camera of a name.
        kept: What was switched, also before the process began.

    Attributes:
        config: In force: the file's, as its cameras were switched.
        file: As the file has it.
    """

    def __init__(
        self,
        session: Session[Any],
        config: DaemonConfig,
        make_camera: Callable[[str, DaemonConfig], Camera],
        kept: KeptSwitches,
    ) -> None:
        self.file, self._kept = config, kept
        self.config = config = kept.applied(config)
        self._switched: dict[str, float] = {}  # when a camera was begun anew by a switch, of `time.monotonic`
        self._session, self._make_camera = session, make_camera
        self._cameras = {name: make_camera(name, config) for name in config.enabled_cameras}
        self._switch_detection()
        self._balance = Balance(session, list(self._cameras.values()), config)

    @property
    def cameras(self) -> Sequence[Camera]:
        """Those that run, in the order of the configuration."""
        return list(self._cameras.values())

    @property
    def watched(self) -> Sequence[Watched]:
        """How the cameras stand."""
        return [camera.watched for camera in self._cameras.values()]

    @property
    def is_over(self) -> bool:
        """Whether all are recordings that have ended."""
        return all(camera.is_over for camera in self._cameras.values())

    def advance(self) -> list[EdgeactError]:
        """Do what is due; the errors of the runs that have failed since the last call."""
        errors = [camera.advance(self._session) for camera in self._cameras.values()]
        self._balance.advance(time.monotonic())
        return [error for error in errors if error is not None]

    def change(self, config: DaemonConfig, plan: Plan) -> None:
        """Apply a configuration that was read again; cameras that it does not change go on without interruption.

        Args:
            config: The new one, as its file has it.
            plan: Of the bundle that is open; a configuration that it cannot do changes nothing, which is logged.
        """
        file = accepted(self.file, config, plan)
        if file is self.file:
            return
        self.file = file
        self._run_by(self._kept.applied(file), "the configuration was read again")

    def _run_by(self, config: DaemonConfig, why: str) -> None:
        names = changed_cameras(self.config, config)
        for name in names:
            before = self._cameras.pop(name, None)
            if before is not None:
                before.stop(self._session)
            if name in config.enabled_cameras:
                self._cameras[name] = self._make_camera(name, config)
        self._cameras = {name: self._cameras[name] for name in config.enabled_cameras}
        self._switch_detection()
        for camera in self._cameras.values():
            camera.give_up(())
        self.config = config
        self._balance = Balance(self._session, list(self._cameras.values()), config)
        logger.warning("%s; begun anew or ended: %s", why, ", ".join(names) or "no camera")

    def throw_switch(self, command: Command, plan: Plan) -> str | None:
        """Carry out a command that came over MQTT.

        Args:
            command: The words of others.
            plan: Of the bundle that is open.

        Returns:
            Why it is not done, in a few words; None where it is.
        """
        try:
            check_command(self.config, command)
            if command.switch == "detection":
                self._kept.keep(self.file, command.camera, "detection", "on" if is_on(command) else "off")
                self._switch_detection()
                return None
            new = switched(self.config, self.file, command)
        except UsageError as error:
            return str(error)
        if new == self.config:
            return None
        now = time.monotonic()
        if now - self._switched.get(command.camera, float("-inf")) < SWITCH_SECONDS:
            return f"it was switched a moment ago; wait for {SWITCH_SECONDS:.0f} s"
        if accepted(self.config, new, plan) is self.config:
            return "the bundle cannot do that"
        self._switched[command.camera] = now
        if command.switch == "recording":
            self._kept.keep(self.file, command.camera, "recording", new.record_mode(command.camera))
        else:
            self._kept.keep(self.file, command.camera, "privacy", new.cameras[command.camera].privacy)
        self._run_by(new, f"{command.switch} was switched")
        return None

    def _switch_detection(self) -> None:
        for name, camera in self._cameras.items():
            camera.detect(self._kept.detects(name))

    def finish(self) -> None:
        """Store the results of all cameras after the session was stopped, and close their output files."""
        for camera in self._cameras.values():
            camera.finish(self._session)
