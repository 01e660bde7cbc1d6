"""What is drawn over a picture, and what of the picture is shown at all."""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from edgeact.privacy.areas import PrivacyMode

LayerName: TypeAlias = Literal["skeleton", "boxes", "labels", "trails", "parts", "attention", "zones", "black"]
# Only skeletons on black hide whoever the detector misses, too.
PRIVACIES: tuple[PrivacyMode, ...] = ("none", "heads", "persons", "skeleton")


@dataclass(frozen=True, slots=True)
class LayerSwitch:
    """A layer as it stands in the panel and in the menu.

    Attributes:
        name: Of the field of `Layers`.
        title: In English; translated where it is shown.
        key: Shortcut.
        tip: What it shows, in a sentence.
    """

    name: LayerName
    title: str
    key: str
    tip: str


LAYER_SWITCHES: tuple[LayerSwitch, ...] = (
    LayerSwitch("skeleton", "Skeleton", "S", "Joints and bones of every person"),
    LayerSwitch("boxes", "Boxes", "B", "A frame around every person"),
    LayerSwitch("labels", "Labels", "L", "Who it is and what the person does, with the score"),
    LayerSwitch("trails", "Trails", "T", "Where every person has been in the last seconds"),
    LayerSwitch("parts", "Parts", "C", "Corners around head and hands"),
    LayerSwitch("attention", "Attention", "A", "Where the network looked"),
    LayerSwitch("zones", "Zones", "G", "Zones and lines of the rules"),
    LayerSwitch("black", "Black background", "K", "What was found on black instead of the picture"),
)


@dataclass(frozen=True, slots=True)
class Layers:
    """Which layers are drawn, and how.

    Attributes:
        skeleton, boxes, labels, trails, parts, attention, zones, black: See `LAYER_SWITCHES`.
        privacy: What of persons is hidden before a picture is shown.
        joint_threshold: Joints under this confidence are not drawn; None takes the bundle's.
        attention_map: Name of the map; None takes the first that there is.
        attention_label: The action that the map is to speak for; None takes whatever it speaks for.
        attention_opacity: 0..1.
    """

    skeleton: bool = True
    boxes: bool = True
    labels: bool = True
    trails: bool = False
    parts: bool = False
    attention: bool = False
    zones: bool = True
    black: bool = False
    privacy: PrivacyMode = "none"
    joint_threshold: float | None = None
    attention_map: str | None = None
    attention_label: str | None = None
    attention_opacity: float = 0.6

    def toggled(self, name: LayerName) -> "Layers":
        """The same with one layer switched."""
        return replace(self, **{name: not getattr(self, name)})

    def with_next_privacy(self) -> "Layers":
        """The same with the next of `PRIVACIES`; after the last comes the first."""
        position = PRIVACIES.index(self.privacy)
        return replace(self, privacy=PRIVACIES[(position + 1) % len(PRIVACIES)])

    @property
    def hides_picture(self) -> bool:
        """Whether nothing of the picture itself is shown."""
        return self.black or self.privacy == "skeleton"
