"""What runs in the background beside the session: its name, how far it is, and a button that ends it."""

from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop_ui.banner import Banner
from desktop_ui.bridge.annotating import Annotating
from desktop_ui.bridge.background import Background
from desktop_ui.bridge.bridge import Bridge
from desktop_ui.translation import tr
from edgeact.batch.messages import AnnotateOptions, BatchReport
from edgeact.errors import EdgeactError

_REFRESH_MILLISECONDS = 250


class TaskCard(QWidget):
    """Annotates files in the background, one batch at a time.

    Args:
        bridge: Whose files and bundle.
        banner: Where it is said what came of it.
    """

    def __init__(self, bridge: Bridge, banner: Banner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge, self._banner = bridge, banner
        self._background = Background(self)
        self._task: Annotating | None = None
        self._words = QLabel()
        self._words.setObjectName("figure")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._stop = QPushButton(tr("Stop"))
        self._stop.setToolTip(tr("What is annotated so far is kept"))
        self._stop.clicked.connect(self.stop)
        row = QHBoxLayout()
        row.addWidget(self._words, 1)
        row.addWidget(self._stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._bar)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MILLISECONDS)
        self._timer.timeout.connect(self._refresh)
        self.hide()

    @property
    def task(self) -> Annotating | None:
        """What runs now."""
        return self._task

    def ask(self) -> None:
        """Ask where to, and annotate the files of the window."""
        paths = [item.spec.name for item in self._bridge.model.sources if item.spec.sort == "file"]
        if not paths:
            self._banner.say(tr("Open a file first: it is annotated in the background."))
            return
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for the results"), str(Path(paths[0]).parent))
        if folder:
            self.start(paths, Path(folder))

    def start(self, paths: list[str], out_dir: Path) -> None:
        """Annotate files into a folder."""
        if self._task is not None:
            self._banner.say(tr("Files are being annotated already; wait, or stop that."), "warning")
            return
        bundle = self._bridge.engine.bundle
        options = AnnotateOptions(bundle=None if bundle is None else bundle.directory, config=self._bridge.config)
        task = self._task = Annotating(list(dict.fromkeys(paths)), out_dir, options)
        self._background.run("annotate", task.run, self._tell, self._tell_fault)
        self._timer.start()
        self._refresh()
        self.show()

    def stop(self) -> None:
        """Finish what was read, and end."""
        if self._task is not None:
            self._task.stop()
            self._stop.setEnabled(False)

    def leave(self) -> None:
        """The window closes."""
        self.stop()
        self._background.leave()

    def _refresh(self) -> None:
        if self._task is not None:
            self._words.setText(tr("Annotating {name}").format(name=self._task.name))
            self._bar.setValue(round(1000 * self._task.share))

    def _tell(self, report: BatchReport) -> None:
        task = self._end()
        failed = [result for result in report.results if result.error is not None]
        if failed:
            self._banner.say("; ".join(str(result.error) for result in failed), "alert")
        elif report.interrupted:
            self._banner.say(tr("Stopped; the same command goes on where it was."))
        elif task is not None:
            self._banner.say(tr("The results are in {folder}.").format(folder=task.out_dir))

    def _tell_fault(self, error: EdgeactError) -> None:
        self._end()
        self._banner.say(str(error), "alert")

    def _end(self) -> Annotating | None:
        task, self._task = self._task, None
        self._timer.stop()
        self._stop.setEnabled(True)
        self.hide()
        return task
