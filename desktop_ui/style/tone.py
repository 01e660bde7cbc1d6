"""The tone of a label, from which the style sheet takes its colour: calm, a warning or an alert."""

from PyQt6.QtWidgets import QLabel


def set_tone(label: QLabel, tone: str) -> None:
    """Give a label a tone; the style sheet is applied to it again only where that changes something.

    Args:
        label: The label.
        tone: ``warning``, ``alert``, or anything else for the usual colour.
    """
    if label.property("tone") == tone:
        return
    label.setProperty("tone", tone)
    style = label.style()
    if style is not None:
        style.polish(label)
