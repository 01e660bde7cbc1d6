"""The networks of the papers, and ours, as lists of graph exports: one system a file."""

from deploy.systems.attentional_pooling import ATTENTIONAL_POOLING
from deploy.systems.body_part_aware import BODY_PART_AWARE
from deploy.systems.edge_net import EDGE_NET
from deploy.systems.gated3d import GATED_3D
from deploy.systems.loss_guided import LOSS_GUIDED
from deploy.systems.pose_action_pyramid import POSE_ACTION_PYRAMID
from deploy.systems.system import ExportOptions, System
from edgeact.errors import UsageError

SYSTEMS = (BODY_PART_AWARE, LOSS_GUIDED, GATED_3D, ATTENTIONAL_POOLING, POSE_ACTION_PYRAMID, EDGE_NET)


def find_system(name: str) -> System:
    """The system of this name or letter.

    Raises:
        UsageError: There is none.
    """
    for system in SYSTEMS:
        if name in (system.name, system.letter, system.letter.lower()):
            return system
    known = ", ".join(f"{system.name} ({system.letter})" for system in SYSTEMS)
    raise UsageError(f"there is no network {name!r}; known are {known}")


def check_options(system: System, options: ExportOptions) -> None:
    """Refuse options that a system does not heed.

    Raises:
        UsageError: One is set; the message names the systems that heed it.
    """
    defaults = ExportOptions(labels=options.labels)
    for name in ("multi_label", "side", "scope", "exit_at", "explain", "clip_length", "clip_stride", "crop_metres"):
        if getattr(options, name) != getattr(defaults, name) and name not in system.options:
            heeding = ", ".join(other.name for other in SYSTEMS if name in other.options) or "no network"
            raise UsageError(f"{name} has no meaning for {system.name}; it is heeded by {heeding}")
    for method in options.explain:
        if method not in system.explains:
            raise UsageError(f"{system.name} has no attention {method!r}; it has {', '.join(system.explains)}")
