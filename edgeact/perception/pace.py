"""How thoroughly a source is perceived; may be changed from any thread while it is."""

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """What a source gets of what its settings ask for; less where there is not time for all.

    Attributes:
        explains: Whether attention maps are computed.
        clip_factor: By how much longer the time between two clips of one track is than ``clip_every_seconds``.
        detect_factor: By how much rarer the detector runs than ``detect_every`` and ``detect_every_seconds``.
    """

    explains: bool = True
    clip_factor: float = 1.0
    detect_factor: float = 1.0
