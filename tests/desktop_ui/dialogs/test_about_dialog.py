from pathlib import Path

import edgeact
from desktop_ui.dialogs.about_dialog import card_text, program_text
from edgeact.bundle.load import load_bundle


def test_versions_licence_and_the_card_of_the_bundle_are_said(tiny_bundle: Path) -> None:
    words = program_text()
    assert edgeact.__version__ in words
    assert "onnxruntime" in words
    assert "GPL" in words
    assert card_text(load_bundle(tiny_bundle)).startswith("# tiny")
    assert "No bundle" in card_text(None)
