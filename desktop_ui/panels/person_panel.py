"""The chosen person, or else the largest one of the picture: parts, pose in space, scores, and why."""

import time
from dataclasses import replace

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QSlider, QVBoxLayout, QWidget

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.bridge.shown_frame import ShownFrame
from desktop_ui.model.standing import Phase
from desktop_ui.panels.part_crops import PartCrops
from desktop_ui.panels.pose_3d import Pose3D
from desktop_ui.panels.score_bars import ScoreBars
from desktop_ui.panels.section import Section
from desktop_ui.panels.why import Why
from desktop_ui.style.colours import track_colour
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr
from desktop_ui.views.heat import explained_labels
from edgeact.drawing.part_insets import InsetStrip
from edgeact.types import Person

_REFRESH_MILLISECONDS = 100


class PersonPanel(QScrollArea):
    """Shows one person.

    Args:
        bridge: Where frames come from.
        themes: Gives the colours of the theme that is on.
    """

    def __init__(self, bridge: Bridge, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge, self._themes = bridge, themes
        self._strips: dict[int, InsetStrip] = {}
        self._since: dict[tuple[int, int], float] = {}  # wall-clock time at which a person was first shown
        self._drawn: tuple[object, ...] = ()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("panel")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(16)
        self._person = Section(tr("Person"))
        self._name, self._hint = QLabel(), QLabel()
        self._name.setObjectName("title")
        self._hint.setObjectName("figure")
        self._hint.setWordWrap(True)
        self._person.body.addWidget(self._name)
        self._person.body.addWidget(self._hint)
        self._parts = PartCrops(themes)
        self._person.body.addWidget(self._parts)
        layout.addWidget(self._person)
        self._actions = Section(tr("Actions"))
        self._head = QComboBox()
        self._head.setToolTip(tr("Which action head of the bundle"))
        self._actions.body.addWidget(self._head)
        self._scores = ScoreBars(themes)
        self._actions.body.addWidget(self._scores)
        layout.addWidget(self._actions)
        self._why_section = Section(tr("Why"))
        self._why = Why(themes)
        self._why_words = QLabel()
        self._why_words.setObjectName("figure")
        self._why_words.setWordWrap(True)
        self._why_words.setMinimumHeight(32)  # two lines: nothing below jumps when the words change
        self._why_words.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        self._map = QComboBox()
        self._map.setToolTip(tr("Which attention map of the bundle"))
        self._map.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._map.activated.connect(self._choose_map)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(0, 100)
        self._opacity.setToolTip(tr("How strongly the map covers the picture"))
        self._opacity.valueChanged.connect(self._choose_opacity)
        self._label = QComboBox()  # shown where maps speak for several actions
        self._label.setToolTip(tr("The action that the map speaks for"))
        self._label.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._label.activated.connect(self._choose_label)
        self._label.hide()
        row.addWidget(self._map, 3)
        row.addWidget(self._label, 3)
        row.addWidget(self._opacity, 2)
        self._why_section.body.addWidget(self._why)
        self._why_section.body.addLayout(row)
        self._why_section.body.addWidget(self._why_words)
        layout.addWidget(self._why_section)
        self._space = Section(tr("3D pose"))
        self._pose = Pose3D(themes)
        self._no_space = QLabel(tr("This bundle gives no 3D pose."))
        self._no_space.setObjectName("figure")
        self._no_space.setWordWrap(True)
        self._space.body.addWidget(self._pose)
        self._space.body.addWidget(self._no_space)
        layout.addWidget(self._space)
        layout.addStretch()
        self.setWidget(inside)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MILLISECONDS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        bridge.engine_changed.connect(self._take_bundle)
        bridge.model.layers_changed.connect(self._show_layers)
        themes.changed.connect(self._forget_drawn)
        self._take_bundle()
        self._show_layers()

    def person(self) -> tuple[int, ShownFrame, Person] | None:
        """Who is shown: the source's key, the frame, the person; None where nobody is."""
        model = self._bridge.model
        chosen = model.selection
        if chosen is not None:
            shown = self._newest(chosen.source)
            person = None if shown is None else shown.person(chosen.track_id)
            return None if shown is None or person is None else (chosen.source, shown, person)
        for item in model.in_sight:
            if item.standing.phase is Phase.FAILED:
                continue
            shown = self._newest(item.key)
            if shown is None:
                continue
            largest = self._strips.setdefault(item.key, InsetStrip()).choose(shown.observation)
            if largest is not None:
                return item.key, shown, largest
        return None

    def refresh(self) -> None:
        """Show who is there now."""
        if not self.isVisible():
            return
        found = self.person()
        selection = self._bridge.model.selection
        layers = self._bridge.model.layers
        drawn = (None if found is None else found[1], selection, layers, self.width())
        if drawn == self._drawn:
            return
        self._drawn = drawn
        if found is None:
            self._show_nobody()
            return
        key, shown, person = found
        bundle = self._bridge.engine.bundle
        item = self._bridge.model.source(key)
        colour = track_colour(person.track_id)
        self._name.setText(f"#{person.track_id}  {'' if item is None else item.spec.called}")
        since = time.strftime("%H:%M:%S", time.localtime(self._since.setdefault((key, person.track_id), time.time())))
        hint = tr("since {time}").format(time=since)
        self._hint.setText(hint if selection is not None else tr("the largest; click a person to stay with it"))
        self._parts.show_person(shown, person)
        heads = () if bundle is None else bundle.plan.heads
        number = max(0, self._head.currentIndex())
        reading = next(
            (reading for reading in person.readings if number < len(heads) and reading.head == heads[number].name), None
        )
        labels = heads[number].labels if number < len(heads) else ()
        if reading is not None and len(reading.smoothed) != len(labels):
            reading = None  # results of another bundle
        self._scores.show_reading(labels, reading, colour, why_none=tr("not seen for long enough yet"))
        self._offer_labels(explained_labels(person))
        self._why.show_person(shown, person, layers, None if bundle is None else bundle.plan)
        label = self._why.map_label
        words = tr("at the right without the map") if self._why.has_map else tr("there is no map of this picture")
        if label:
            words = tr("speaks for “{label}”; at the right without the map").format(label=label.replace("_", " "))
        self._why_words.setText(words)
        joints = person.pose.joints_3d
        self._pose.show_joints(joints, None if bundle is None else bundle.skeleton, colour)

    def _show_nobody(self) -> None:
        self._name.setText(tr("Nobody"))
        chosen = self._bridge.model.selection
        self._hint.setText(
            tr("#{number} is not in the picture").format(number=chosen.track_id)
            if chosen is not None
            else tr("click a person in the picture")
        )
        colour = track_colour(1)
        self._parts.show_person(None, None)
        self._scores.show_reading((), None, colour)
        self._why.show_person(None, None, self._bridge.model.layers, None)
        self._why_words.setText("")
        self._pose.show_joints(None, None, colour)

    def _newest(self, key: int) -> ShownFrame | None:
        sink = self._bridge.sink(key)
        return None if sink is None else sink.peek()

    def _take_bundle(self) -> None:
        bundle = self._bridge.engine.bundle
        heads = () if bundle is None else bundle.plan.heads
        self._head.clear()
        for head in heads:
            self._head.addItem(head.name)
        self._head.setVisible(len(heads) > 1)
        self._map.clear()
        for name in () if bundle is None else bundle.plan.maps:
            self._map.addItem(name, name)
        gives_3d = bundle is not None and any(graph.output("joints_3d") is not None for graph in bundle.plan.calls)
        self._pose.setVisible(gives_3d)
        self._no_space.setVisible(bundle is not None and not gives_3d)
        self._show_layers()
        self._forget_drawn()

    def _show_layers(self) -> None:
        layers = self._bridge.model.layers
        position = self._map.findData(layers.attention_map)
        self._map.setCurrentIndex(max(0, position) if self._map.count() else -1)
        self._opacity.blockSignals(True)
        self._opacity.setValue(round(100 * layers.attention_opacity))
        self._opacity.blockSignals(False)

    def _choose_map(self, index: int) -> None:
        layers = self._bridge.model.layers
        self._bridge.model.layers = replace(layers, attention_map=self._map.itemData(index))

    def _offer_labels(self, labels: tuple[str, ...]) -> None:
        """Let one of several explained actions be chosen."""
        known = tuple(self._label.itemData(number) for number in range(1, self._label.count()))
        if labels != known:
            self._label.clear()
            self._label.addItem(tr("every action"), None)
            for label in labels:
                self._label.addItem(label.replace("_", " "), label)
            chosen = self._label.findData(self._bridge.model.layers.attention_label)
            self._label.setCurrentIndex(max(0, chosen))
        self._label.setVisible(len(labels) > 1)

    def _choose_label(self, index: int) -> None:
        layers = self._bridge.model.layers
        self._bridge.model.layers = replace(layers, attention_label=self._label.itemData(index))

    def _choose_opacity(self, value: int) -> None:
        layers = self._bridge.model.layers
        self._bridge.model.layers = replace(layers, attention_opacity=value / 100)

    def _forget_drawn(self) -> None:
        self._drawn = ()
