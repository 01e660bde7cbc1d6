"""What of a new configuration takes effect while the daemon runs, and what needs a new start."""

import logging
from collections.abc import Sequence

from edgeact.bundle.plan import Plan
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.fits_bundle import check_bundle
from edgeact.errors import ConfigError

logger = logging.getLogger(__name__)

# What is opened once: the folder, the graphs, the outputs.
FIXED = ("state", "bundle", "pipeline", "jsonl", "webhook", "mqtt", "http", "restream", "budget")


def accepted(old: DaemonConfig, new: DaemonConfig, plan: Plan) -> DaemonConfig:
    """The configuration from now on: the new one, but what needs a new start as it was, which is logged.

    Args:
        old: In force.
        new: As it was read.
        plan: Of the bundle that is open.

    Returns:
        The old one itself where the new one cannot be used with the bundle; that is logged.
    """
    try:
        check_bundle(new, plan)
    except ConfigError as error:
        logger.error("%s; the old configuration stays", error)
        return old
    later = [key for key in FIXED if getattr(new, key) != getattr(old, key)]
    if later:
        logger.warning("what has changed under %s needs a new start of the daemon", ", ".join(later))
    return new.model_copy(update={key: getattr(old, key) for key in later})


def changed_cameras(old: DaemonConfig, new: DaemonConfig) -> Sequence[str]:
    """The cameras that end or begin anew: those that were added, removed, or are run in another way."""
    names = dict.fromkeys((*old.enabled_cameras, *new.enabled_cameras))
    return [name for name in names if _way(old, name) != _way(new, name)]


def _way(config: DaemonConfig, camera: str) -> object:
    """All that decides on how a camera is run; None where it is not."""
    if camera not in config.enabled_cameras:
        return None
    rules = config.rules_of(camera)
    names = (None, *(rule.name for rule in rules))
    outputs = [(config.outputs_of(name), config.media_of(name)) for name in names]
    recorded = None if config.record is None else config.record.model_copy(update={"keep_days": 1.0, "free_gb": 0.0})
    return config.cameras[camera], rules, config.timezone, outputs, recorded, config.snapshots
