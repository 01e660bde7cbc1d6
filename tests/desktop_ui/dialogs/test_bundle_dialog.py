from pathlib import Path
from typing import Any

from desktop_ui.dialogs.bundle_dialog import BundleDialog
from edgeact.bundle.load import PACKAGED_BUNDLES, load_bundle


def test_bundles_that_ship_and_the_one_in_use_are_offered_with_what_they_are(
    qtbot: Any, tiny_bundle: Path, tmp_path: Path
) -> None:
    dialog = BundleDialog(load_bundle(tiny_bundle))
    qtbot.addWidget(dialog)
    offered = [dialog._list.item(row).text() for row in range(dialog._list.count())]  # type: ignore[union-attr]
    assert offered == [*PACKAGED_BUNDLES, str(tiny_bundle)]
    assert dialog.chosen() == str(tiny_bundle)
    qtbot.waitUntil(lambda: "walk" in dialog._words.text())
    assert dialog._buttons.accepting.isEnabled()
    dialog._add(str(tmp_path))  # a folder that is none
    dialog._list.setCurrentRow(dialog._list.count() - 1)
    qtbot.waitUntil(lambda: "manifest.json" in dialog._words.text())
    assert not dialog._buttons.accepting.isEnabled()
