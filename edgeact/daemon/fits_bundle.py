"""Whether a bundle can do what a configuration asks for."""

from edgeact.bundle.plan import Plan
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.judge import check_actions
from edgeact.errors import ConfigError
from edgeact.privacy.concealer import Concealer


def check_bundle(config: DaemonConfig, plan: Plan) -> None:
    """Refuse a configuration that asks for more than a bundle can do.

    Args:
        config: The configuration.
        plan: Of the bundle.

    Raises:
        ConfigError: A rule asks for an action that it does not know, or a camera for a privacy that it cannot keep.
    """
    check_actions(config, plan)
    for name in config.enabled_cameras:
        try:
            make_concealer(name, config, plan)
        except ConfigError as error:
            raise ConfigError(f"cameras.{name}.privacy: {error}") from error


def make_concealer(camera: str, config: DaemonConfig, plan: Plan) -> Concealer | None:
    """Make the concealer of a camera; None where its privacy is ``none``.

    Args:
        camera: Its name in the configuration.
        config: The configuration.
        plan: Of the bundle.

    Raises:
        ConfigError: The bundle follows no persons, so that nobody knows where they are.
    """
    mode = config.cameras[camera].privacy
    return None if mode == "none" else Concealer(mode, plan, most_persons=config.perceiving.max_persons)
