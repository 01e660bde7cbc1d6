"""Asks what a rule is to tell."""

import re
from collections.abc import Sequence

from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop_ui.dialogs.answer_buttons import AnswerButtons
from desktop_ui.model.rule_book import Areas
from desktop_ui.translation import tr
from edgeact.daemon.rule_config import RuleConfig

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class RuleDialog(QDialog):
    """What happens, where, for how long, and how the rule is called.

    Args:
        camera: Name of the source that the rule is for.
        areas: Its zones and lines.
        labels: The actions that the bundle knows.
        taken: Names of rules that there are.
        area: The zone or line that is offered first; None offers none.
    """

    def __init__(
        self,
        camera: str,
        areas: Areas,
        labels: Sequence[str],
        taken: Sequence[str],
        *,
        area: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._camera, self._areas, self._taken = camera, areas, frozenset(taken)
        self.setWindowTitle(tr("New rule"))
        self.setMinimumWidth(420)
        self._what, self._where, self._action = QComboBox(), QComboBox(), QComboBox()
        subjects = [
            ("enter", tr("Somebody enters a zone"), bool(areas.zones)),
            ("leave", tr("Somebody leaves a zone"), bool(areas.zones)),
            ("dwell", tr("Somebody stays in a zone"), bool(areas.zones)),
            ("cross", tr("Somebody crosses a line"), bool(areas.lines)),
            ("action", tr("Somebody does an action"), bool(labels)),
            ("posture", tr("Somebody lies on the ground"), True),
            ("persons_at_least", tr("So many persons are there, or more"), True),
        ]
        for subject, words, is_possible in subjects:
            if is_possible:
                self._what.addItem(words, subject)
        for label in labels:
            self._action.addItem(label.replace("_", " "), label)
        self._persons, self._seconds, self._pause = QSpinBox(), QDoubleSpinBox(), QDoubleSpinBox()
        self._persons.setRange(1, 100)
        self._persons.setValue(2)
        for box in (self._seconds, self._pause):
            box.setRange(0, 86_400)
            box.setDecimals(1)
            box.setSuffix(" s")
        self._name = QLineEdit()
        self._form = QFormLayout()
        self._form.setSpacing(8)
        self._form.addRow(tr("When"), self._what)
        self._form.addRow(tr("Where"), self._where)
        self._form.addRow(tr("Action"), self._action)
        self._form.addRow(tr("Persons"), self._persons)
        self._form.addRow(tr("For at least"), self._seconds)
        self._form.addRow(tr("Not again within"), self._pause)
        self._form.addRow(tr("Name"), self._name)
        self._note = QLabel()
        self._note.setObjectName("muted")
        self._note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addLayout(self._form)
        layout.addWidget(self._note)
        layout.addWidget(AnswerButtons(tr("Add rule"), accept=self._accept_if_whole, reject=self.reject))
        if area is not None and areas.kind_of(area) == "line":
            self.choose("cross")
        self._what.currentIndexChanged.connect(lambda _: self._show_fields())
        self._where.currentIndexChanged.connect(lambda _: self._propose_name())
        self._show_fields()
        if area is not None:
            self._where.setCurrentIndex(max(0, self._where.findData(area)))

    def choose(self, subject: str, *, label: str | None = None, seconds: float | None = None) -> None:
        """Choose what is to be told, as the operator would."""
        self._what.setCurrentIndex(max(0, self._what.findData(subject)))
        if label is not None:
            self._action.setCurrentIndex(max(0, self._action.findData(label)))
        if seconds is not None:
            self._seconds.setValue(seconds)

    def rule(self) -> tuple[str, RuleConfig]:
        """The name and the rule that are asked for now."""
        subject, area = str(self._what.currentData()), self._where.currentData()
        when: dict[str, object] = {}
        if subject in ("enter", "leave", "dwell", "cross"):
            when[subject] = area
        else:
            when[subject] = {
                "action": self._action.currentData(),
                "posture": "lying",
                "persons_at_least": self._persons.value(),
            }[subject]
            if area is not None:
                when["zone"] = area
        if self._seconds.value() and subject not in ("enter", "leave", "cross"):
            when["for_seconds"] = self._seconds.value()
        made: dict[str, object] = {"when": when, "cameras": [self._camera]}
        if self._pause.value():
            made["cooldown_seconds"] = self._pause.value()
        return self._name.text().strip(), RuleConfig.model_validate(made)

    def _show_fields(self) -> None:
        subject = self._what.currentData()
        chosen = self._where.currentData()
        self._where.blockSignals(True)
        self._where.clear()
        if subject in ("action", "posture", "persons_at_least"):
            self._where.addItem(tr("Anywhere in the picture"), None)
        for name in self._areas.lines if subject == "cross" else self._areas.zones:
            self._where.addItem(name.replace("_", " "), name)
        self._where.setCurrentIndex(max(0, self._where.findData(chosen)))
        self._where.blockSignals(False)
        self._form.setRowVisible(self._action, subject == "action")
        self._form.setRowVisible(self._persons, subject == "persons_at_least")
        self._form.setRowVisible(self._seconds, subject not in ("enter", "leave", "cross"))
        self._propose_name()

    def _propose_name(self) -> None:
        words = {"posture": "lying", "persons_at_least": "crowd", "action": str(self._action.currentData() or "action")}
        base = words.get(str(self._what.currentData()), str(self._what.currentData()))
        where = self._where.currentData()
        name = re.sub(r"[^a-z0-9_-]+", "-", f"{base}-{where}" if where else base)[:28]
        number = 1
        proposed = name
        while proposed in self._taken:
            number += 1
            proposed = f"{name}-{number}"
        self._name.setText(proposed)

    def _accept_if_whole(self) -> None:
        name = self._name.text().strip()
        if _NAME.fullmatch(name) is None:
            self._note.setText(tr("A name begins with a letter and has up to 32 of a-z, 0-9, - and _."))
        elif name in self._taken:
            self._note.setText(tr("There is a rule of this name already."))
        else:
            self.accept()
