"""The colours of the window, dark and light; colour stands only where it means something."""

from dataclasses import dataclass

from PyQt6.QtGui import QColor

# Okabe and Ito's colours, which colour-blind eyes tell apart, in an order whose neighbours are far apart; without their
# black, which no picture shows.
_TRACKS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by what they are for; text has a contrast of at least 4.5:1 on every surface.

    Attributes:
        name: ``dark`` or ``light``.
        surface: Of panels and bars.
        raised: Of cards, fields and buttons on a surface.
        hovered: Of a button under the pointer.
        stage: Behind pictures.
        line: Between surfaces.
        text: Of what is read.
        muted: Of what is read second.
        accent: The one colour of the window itself.
        on_accent: Text on it.
        warning: Of what needs somebody soon.
        alert: Of what needs somebody now.
        good: Of a source that runs.
    """

    name: str
    surface: str
    raised: str
    hovered: str
    stage: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    warning: str
    alert: str
    good: str


DARK = Theme(
    name="dark",
    surface="#1e1f22",
    raised="#2a2c30",
    hovered="#34363c",
    stage="#141518",
    line="#313338",
    text="#e6e7ea",
    muted="#9da1a9",
    accent="#5a9cf8",
    on_accent="#0b1526",
    warning="#e5a83b",
    alert="#f58b84",
    good="#57b894",
)
LIGHT = Theme(
    name="light",
    surface="#fafafa",
    raised="#ffffff",
    hovered="#eceef1",
    stage="#e9ebee",
    line="#d9dce1",
    text="#1d1f23",
    muted="#5c626c",
    accent="#1f66d1",
    on_accent="#ffffff",
    warning="#8f5d00",
    alert="#b8322a",
    good="#1b7a57",
)


def track_colour(track_id: int) -> QColor:
    """The colour of a person, the same in picture, panel, timeline and list."""
    return QColor(_TRACKS[(track_id - 1) % len(_TRACKS)])


def ink_on(colour: QColor) -> QColor:
    """Black or white, whichever is read better on a colour."""
    return QColor("#101114") if relative_luminance(colour) > 0.18 else QColor("#ffffff")


def relative_luminance(colour: QColor) -> float:
    """As WCAG 2 defines it, 0 of black to 1 of white."""
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: QColor, second: QColor) -> float:
    """As WCAG 2 defines it: 1 of the same colour to 21 of black on white."""
    brighter, darker = sorted((relative_luminance(first), relative_luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)
