"""The rules of one camera of a configuration, ready for its observations."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from edgeact.bundle.plan import Plan
from edgeact.daemon.config import DaemonConfig
from edgeact.errors import ConfigError
from edgeact.rules.camera_rules import CameraRules
from edgeact.rules.conditions import ANY_ACTION
from edgeact.rules.seen import look
from edgeact.types import Event, Observation


class Judge:
    """Says what the rules of a camera say of each of its observations.

    Args:
        camera: Its name in the configuration.
        config: The configuration.
        plan: Of the bundle that the observations come from.
    """

    def __init__(self, camera: str, config: DaemonConfig, plan: Plan) -> None:
        rules, areas = config.rules_of(camera), config.cameras[camera]
        self._has_rules = bool(rules)
        self._skeleton, self._confidence = plan.skeleton, plan.joint_confidence
        self._rules = CameraRules(camera, rules, zones=areas.zones, lines=areas.lines, zone=ZoneInfo(config.timezone))

    def take(self, observation: Observation, moment: datetime) -> Sequence[Event]:
        """The events that begin, go on or end with an observation.

        Args:
            observation: The next one.
            moment: When its frame was captured, with a time zone.
        """
        if not self._has_rules:
            return ()
        return self._rules.take(look(observation, skeleton=self._skeleton, confidence=self._confidence), moment)

    def finish(self) -> Sequence[Event]:
        """End what is open, because the camera is over."""
        return self._rules.finish()


def check_actions(config: DaemonConfig, plan: Plan) -> None:
    """Refuse rules for actions that a bundle does not know.

    Args:
        config: The configuration.
        plan: Of the bundle.

    Raises:
        ConfigError: A rule names one; all are listed.
    """
    known = {label for head in plan.heads for label in head.labels if label != head.other_label} | {ANY_ACTION}
    unknown = [
        f"rules.{name}.when.action: {rule.when.action!r}"
        for name, rule in config.rules.items()
        if rule.when.action is not None and rule.when.action not in known
    ]
    if unknown:
        raise ConfigError(
            f"{', '.join(unknown)} is no action of the bundle, which knows {', '.join(sorted(known))}; name one of them"
        )
