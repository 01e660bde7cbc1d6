"""The status bar: frames a second, ages, drops, the machine."""

import os

import psutil
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QStatusBar, QWidget

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.model.window import Figures, WindowModel
from desktop_ui.style.tone import set_tone
from desktop_ui.translation import tr

_REFRESH_MILLISECONDS = 500
_OLD_SECONDS = 1.0  # a live picture older than that is shown in the colour of warnings


def drop_cause(cause: str) -> str:
    """Why frames were left out, in words."""
    words = {
        "newer_frame": tr("a newer one came"),
        "budget": tr("over the budget"),
        "stopped": tr("stopped"),
    }
    return words.get(cause, cause)


class StatusRow(QStatusBar):
    """Shows figures, and for some seconds what has just happened.

    Args:
        model: Whose figures.
        bridge: Whose device.
    """

    def __init__(self, model: WindowModel, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._bridge = model, bridge
        self._process = psutil.Process(os.getpid())
        self._process.cpu_percent(None)  # the first call begins the measurement
        self._cores = psutil.cpu_count() or 1
        self.setSizeGripEnabled(False)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(20)
        self._labels = {name: QLabel() for name in ("frames", "age", "dropped", "device", "machine")}
        for name, label in self._labels.items():
            label.setObjectName("figure")
            if name == "device":
                layout.addStretch()
            layout.addWidget(label)
        self.addPermanentWidget(row, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MILLISECONDS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self.refresh()

    def refresh(self) -> None:
        """Show the figures of this moment."""
        figures = self._model.figures()
        frames = tr("in {came:.0f} · processed {processed:.0f} · shown {shown:.0f} fps").format(
            came=figures.came, processed=figures.processed, shown=figures.shown
        )
        self._labels["frames"].setText(frames)
        has_live = any(item.standing.is_live for item in self._model.sources)
        self._labels["age"].setVisible(has_live)
        self._labels["age"].setText(
            tr("age {last:.0f} ms, p95 {p95:.0f}").format(last=1000 * figures.age, p95=1000 * figures.age_p95)
        )
        set_tone(self._labels["age"], "warning" if has_live and figures.age_p95 > _OLD_SECONDS else "")
        self._show_drops(figures)
        memory = self._process.memory_info().rss / 1e9
        cpu = self._process.cpu_percent(None) / self._cores
        self._labels["machine"].setText(tr("CPU {cpu:.0f} %   {memory:.1f} GB").format(cpu=cpu, memory=memory))
        bundle = self._bridge.engine.bundle
        self._labels["device"].setText("" if bundle is None else f"{bundle.manifest.name} · {self._bridge.device}")

    def _show_drops(self, figures: Figures) -> None:
        total = sum(figures.dropped.values())
        self._labels["dropped"].setText(tr("dropped {count}").format(count=total))
        causes = "\n".join(f"{count}: {drop_cause(cause)}" for cause, count in figures.dropped.items())
        self._labels["dropped"].setToolTip(causes or tr("No frame was left out"))
