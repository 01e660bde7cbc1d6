import pytest
from PyQt6.QtGui import QColor

from desktop_ui.style.colours import DARK, LIGHT, Theme, contrast, ink_on, track_colour


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_text_can_be_read_on_every_surface(theme: Theme) -> None:
    surfaces = (theme.surface, theme.raised, theme.hovered, theme.stage)
    for words in (theme.text, theme.muted, theme.warning, theme.alert):
        for surface in surfaces:
            assert contrast(QColor(words), QColor(surface)) >= 4.5, (theme.name, words, surface)
    assert contrast(QColor(theme.on_accent), QColor(theme.accent)) >= 4.5


def test_neighbouring_tracks_differ_and_their_labels_can_be_read() -> None:
    colours = [track_colour(number).name() for number in range(1, 9)]
    assert len(set(colours[:7])) == 7
    assert colours[7] == colours[0]
    for name in colours:
        assert contrast(ink_on(QColor(name)), QColor(name)) >= 4.5
