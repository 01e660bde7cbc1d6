"""Switches of the layers with their keys, privacy, and the joint threshold."""

from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QSlider, QWidget

from desktop_ui.model.layers import LAYER_SWITCHES, PRIVACIES, LayerName
from desktop_ui.model.window import WindowModel
from desktop_ui.translation import tr
from edgeact.privacy.areas import PrivacyMode


def privacy_words(privacy: PrivacyMode) -> str:
    """What a kind of privacy is called."""
    words = {
        "none": tr("Off"),
        "heads": tr("Heads hidden"),
        "persons": tr("Persons hidden"),
        "skeleton": tr("Skeleton only"),
    }
    return words[privacy]


class LayersPanel(QWidget):
    """Shows and changes the model's layers.

    Args:
        model: Whose layers.
    """

    def __init__(self, model: WindowModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._boxes: dict[LayerName, QCheckBox] = {}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(2)
        layout.setColumnStretch(0, 1)
        for row, switch in enumerate(LAYER_SWITCHES):
            box = QCheckBox(tr(switch.title))
            box.setToolTip(tr(switch.tip))
            box.toggled.connect(lambda on, name=switch.name: self._set(name, on))
            layout.addWidget(box, row, 0)
            layout.addWidget(_key(switch.key), row, 1)
            self._boxes[switch.name] = box
        row = len(LAYER_SWITCHES)
        self._privacy = QComboBox()
        self._privacy.setToolTip(tr("What of persons is hidden; only the skeleton hides whoever is not detected, too"))
        for privacy in PRIVACIES:
            self._privacy.addItem(privacy_words(privacy), privacy)
        self._privacy.activated.connect(self._set_privacy)
        layout.setRowMinimumHeight(row, 8)
        layout.addWidget(QLabel(tr("Privacy")), row + 1, 0)
        layout.addWidget(_key("P"), row + 1, 1)
        layout.addWidget(self._privacy, row + 2, 0, 1, 2)
        self._threshold_words = QLabel()
        self._threshold = QSlider(Qt.Orientation.Horizontal)
        self._threshold.setRange(0, 20)
        self._threshold.setToolTip(tr("Joints that are less sure are not drawn"))
        self._threshold.valueChanged.connect(self._set_threshold)
        layout.setRowMinimumHeight(row + 3, 8)
        layout.addWidget(QLabel(tr("Joint threshold")), row + 4, 0)
        layout.addWidget(self._threshold_words, row + 4, 1)
        layout.addWidget(self._threshold, row + 5, 0, 1, 2)
        self._threshold_words.setObjectName("muted")
        model.layers_changed.connect(self.refresh)
        self._bundle_threshold = 0.3
        self.refresh()

    def set_bundle_threshold(self, threshold: float) -> None:
        """The bundle draws joints from this confidence on."""
        self._bundle_threshold = threshold
        self.refresh()

    def refresh(self) -> None:
        """Show the layers as they are."""
        layers = self._model.layers
        for name, box in self._boxes.items():
            box.blockSignals(True)
            box.setChecked(bool(getattr(layers, name)))
            box.blockSignals(False)
        self._privacy.setCurrentIndex(PRIVACIES.index(layers.privacy))
        threshold = self._bundle_threshold if layers.joint_threshold is None else layers.joint_threshold
        self._threshold.blockSignals(True)
        self._threshold.setValue(round(threshold * 20))
        self._threshold.blockSignals(False)
        self._threshold_words.setText(f"{threshold:.2f}")

    def _set(self, name: LayerName, on: bool) -> None:
        self._model.layers = replace(self._model.layers, **{name: on})

    def _set_privacy(self, index: int) -> None:
        self._model.layers = replace(self._model.layers, privacy=PRIVACIES[index])

    def _set_threshold(self, value: int) -> None:
        self._model.layers = replace(self._model.layers, joint_threshold=value / 20)


def _key(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("muted")
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
