"""Figures of every source and of the session, for whoever wants to know why; they can be copied as text."""

import os
import threading

import psutil
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

import edgeact
from desktop_ui.bridge.bridge import Bridge
from desktop_ui.model.rates import percentile
from desktop_ui.model.sources import SourceItem
from desktop_ui.panels.status_row import drop_cause
from desktop_ui.translation import tr

_REFRESH_MILLISECONDS = 1000


class DetailsDialog(QDialog):
    """A table of the sources over lines about the session; stays open beside the window, and keeps up.

    Args:
        bridge: Whose session.
    """

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._busy = bridge.host.busy_seconds()
        self.setWindowTitle(tr("Details"))
        self.resize(1120, 360)
        self._headings = (
            tr("Source"),
            tr("State"),
            tr("Picture"),
            tr("in / processed fps"),
            tr("age, p95 (ms)"),
            tr("frames"),
            tr("left out"),
            tr("connected anew"),
        )
        self._table = QTableWidget(0, len(self._headings))
        self._table.setHorizontalHeaderLabels(self._headings)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setShowGrid(False)
        rows, columns = self._table.verticalHeader(), self._table.horizontalHeader()
        assert rows is not None
        assert columns is not None
        rows.hide()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setStretchLastSection(True)
        self._session = QLabel()
        self._session.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._session.setWordWrap(True)
        copies = QPushButton(tr("Copy"))
        copies.setToolTip(tr("Copy all of it as text, without secrets"))
        copies.clicked.connect(self.copy)
        row = QHBoxLayout()
        row.addWidget(self._session, 1)
        row.addWidget(copies, alignment=Qt.AlignmentFlag.AlignBottom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self._table, 1)
        layout.addLayout(row)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MILLISECONDS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self.refresh()

    def refresh(self) -> None:
        """Show the figures of this moment."""
        sources = self._bridge.model.sources
        self._table.setRowCount(len(sources))
        for row, item in enumerate(sources):
            for column, words in enumerate(source_cells(item)):
                cell = self._table.item(row, column)
                if cell is None:
                    cell = QTableWidgetItem()
                    self._table.setItem(row, column, cell)
                if cell.text() != words:
                    cell.setText(words)
            first = self._table.item(row, 0)
            if first is not None:
                first.setToolTip(item.spec.shown)
        self._session.setText("\n".join(self._session_lines()))

    def text(self) -> str:
        """All of it as text."""
        lines = ["\t".join(self._headings)]
        lines += ["\t".join(source_cells(item)) for item in self._bridge.model.sources]
        return "\n".join([*lines, *self._session_lines(busy=False)])

    def copy(self) -> None:
        """Put the text into the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text())

    def _session_lines(self, *, busy: bool = True) -> list[str]:
        engine = self._bridge.engine
        lines = [f"edgeact {edgeact.__version__}"]
        if engine.bundle is not None:
            manifest = engine.bundle.manifest
            lines.append(
                tr("bundle {name} {version} ({digest}) on {device}, {provider}").format(
                    name=manifest.name,
                    version=manifest.version,
                    digest=engine.bundle.digest[:12],
                    device=self._bridge.device,
                    provider=engine.provider,
                )
            )
        if busy:
            now = self._bridge.host.busy_seconds()
            shares = [f"{name} {100 * (now[name] - self._busy.get(name, 0.0)):.0f} %" for name in now]
            self._busy = now
            lines.append(tr("threads that perceive are busy: {shares}").format(shares=", ".join(shares)))
        memory = psutil.Process(os.getpid()).memory_info().rss / 1e6
        threads = threading.active_count()
        lines.append(tr("memory {memory:.0f} MB, {threads} threads").format(memory=memory, threads=threads))
        return lines


def source_cells(item: SourceItem) -> tuple[str, ...]:
    """What stands in the row of a source."""
    standing = item.standing
    causes = ", ".join(f"{count} {drop_cause(cause)}" for cause, count in standing.dropped.items() if count)
    age = f"{1000 * standing.age:.0f}, {1000 * percentile(tuple(item.ages), 0.95):.0f}" if standing.is_live else ""
    return (
        item.spec.called,
        standing.phase.value + (f": {standing.reason}" if standing.reason else ""),
        f"{standing.size[0]}×{standing.size[1]}" if standing.size[0] else "",
        f"{item.came.value:.1f} / {item.processed.value:.1f}",
        age,
        str(standing.processed),
        causes,
        str(standing.epoch) if standing.is_live else "",
    )
