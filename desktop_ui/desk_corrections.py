"""Correcting on the operator's desk: choose a stretch and say what it is, drag a joint, undo, export for training."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QMenu, QPushButton
from ulid import ULID

from desktop_ui.bridge.background import Background
from desktop_ui.keeping.clip_file import write_clip
from desktop_ui.keeping.held_frames import encode_jpeg
from desktop_ui.keeping.training_export import ExportedSamples, export_samples
from desktop_ui.model.corrections import FILE_NAME, Correction, Corrections, corrected
from desktop_ui.model.timeline import Stretch
from desktop_ui.model.undo import Step, UndoStack
from desktop_ui.translation import tr
from desktop_ui.views.joint_tool import Grip, JointTool, with_joint
from edgeact.errors import EdgeactError
from edgeact.types import Observation, UInt8

if TYPE_CHECKING:
    from desktop_ui.desk import Desk
    from desktop_ui.main_window import MainWindow

_MARGIN = 0.25  # around a person in a clip for training
_LARGEST_PICTURE = 8192


class DeskCorrections(QObject):
    """The corrections of a window.

    Args:
        window: Whose menus and banner are used.
        desk: Has the timeline, the held pictures and a thread for files.
        undo: Takes corrections back.
        folder: Where corrections are kept.

    Attributes:
        model: The corrections.
        tool: Drags joints.
        badge: Counts them, and exports.
        choice: Says what the chosen stretch is.
    """

    def __init__(self, window: "MainWindow", desk: "Desk", undo: UndoStack, folder: Path) -> None:
        super().__init__(window)
        self._window, self._desk, self._folder = window, desk, folder
        self._background = Background(self)
        self.model = Corrections(folder / FILE_NAME, undo)
        self.tool = JointTool(self._still, self._selected, self._threshold, self._move_joint)
        self.choice, self.badge = QPushButton(tr("This is…")), QPushButton()
        self.choice.setToolTip(tr("Say what the chosen stretch really is"))
        self.badge.setToolTip(tr("Export the corrections for training"))
        self._menu = QMenu(self.choice)
        self._menu.aboutToShow.connect(self._fill)
        self.choice.setMenu(self._menu)
        self.badge.clicked.connect(self.ask_export)
        timeline = desk.timeline
        for button in (self.choice, self.badge):
            button.setProperty("quiet", True)
            timeline.header.insertWidget(timeline.header.count() - 2, button)
        timeline.correct = self._corrected
        timeline.stretch_chosen.connect(self._show)
        self.model.changed.connect(self._show)
        self._show()

    def fill_menu(self) -> None:
        """Put correcting into the menu."""
        menus = self._window.menus
        menus.rules.addSeparator()
        menus.add(menus.rules, tr("This is &not a person"), lambda: self.say("not_person"), "N")
        menus.add(menus.rules, tr("&Correct the chosen stretch…"), self._open_choice, "Ctrl+K")
        menus.add(menus.rules, tr("&Export corrections for training…"), self.ask_export)

    def start(self) -> None:
        """Read the corrections of the last time."""
        try:
            self.model.load()
        except EdgeactError as error:
            self._window.banner.say(str(error), "warning")

    def leave(self) -> None:
        """The window is closed: tell it nothing more."""
        self._background.leave()

    def say(self, kind: str, *, label: str | None = None, becomes: int | None = None) -> None:
        """Say of the chosen stretch that it is ``label``, not a person (``not_person``) or another number."""
        stretch, subject = self._desk.timeline.stretch, self._desk.timeline.subject
        if stretch is None or subject is None:
            self._window.banner.say(tr("Choose a stretch of the timeline first: click a bar, or drag with Shift."))
            return
        key, identity = subject.source, str(ULID())
        material = None if kind == "identity" else self._keep_clip(key, stretch, identity)
        one = Correction(
            id=identity,
            kind=kind,  # type: ignore[arg-type]
            source=self._desk.names.get(key, "source"),
            clock="file" if self._desk.timeline.is_file(key) else "utc",
            start=self._saved(key, stretch.start),
            end=self._saved(key, stretch.end),
            track=stretch.track_id,
            label=label if kind == "label" else stretch.label or None,
            becomes=becomes,
            material=material,
        )
        words = {"label": label or "", "not_person": tr("not a person"), "identity": f"#{becomes}"}[kind]
        self._add(one, Step(f"#{stretch.track_id} → {words.replace('_', ' ')}", _nothing, _nothing))

    def save(self) -> None:
        """Write the corrections down, in the background."""
        write = self.model.saving()

        def write_or_tell() -> None:
            try:
                write()
            except (EdgeactError, OSError) as error:
                self._desk.tell(str(error), "alert")

        self._desk.events.keeper.later(write_or_tell)

    def ask_export(self) -> None:
        """Ask for a folder, and export."""
        if not self.model.all:
            self._window.banner.say(tr("There are no corrections yet."))
            return
        folder = QFileDialog.getExistingDirectory(self._window, tr("Export corrections into a folder"))
        if folder:
            self.export(Path(folder))

    def export(self, folder: Path) -> None:
        """Export all corrections, after the clips that are still being written."""
        corrections = self.model.all

        def done(made: ExportedSamples) -> None:
            self._window.banner.say(
                tr("{clips} clips and {persons} poses are in {folder}; edgeact train --classes reads “classes”.")
                .format(clips=made.clips, persons=made.persons, folder=made.folder)
            )  # fmt: skip

        self._background.run(
            "export of corrections",
            lambda: export_samples(corrections, self._folder, folder),
            done,
            lambda error: self._window.banner.say(str(error), "alert"),
        )

    def _add(self, one: Correction, step: Step) -> None:
        self.model.add(one, step)
        self.save()
        self._desk.timeline.refresh()

    def _fill(self) -> None:
        self._menu.clear()
        stretch, subject = self._desk.timeline.stretch, self._desk.timeline.subject
        if stretch is None or subject is None:
            return
        for label in self._desk.timeline.labels:
            words = label.replace("_", " ")
            self._menu.addAction(words, lambda label=label: self.say("label", label=label))
        self._menu.addSeparator()
        self._menu.addAction(tr("Not a person"), lambda: self.say("not_person"))
        sink = self._window.bridge.sink(subject.source)
        others = [] if sink is None else [track for track in sink.tracks.known() if track != stretch.track_id]
        if others:
            who = self._menu.addMenu(tr("Somebody else"))
            for track in others[-20:]:
                assert who is not None
                who.addAction(f"#{track}", lambda track=track: self.say("identity", becomes=track))

    def _open_choice(self) -> None:
        if self._desk.timeline.stretch is not None:
            self.choice.showMenu()

    def _show(self) -> None:
        count = len(self.model.all)
        self.badge.setText(tr("Corrections: {count}").format(count=count))
        self.badge.setVisible(count > 0)
        self.choice.setVisible(self._desk.timeline.stretch is not None)

    def _corrected(self, key: int, track_id: int, own: Sequence[Stretch]) -> Sequence[Stretch]:
        camera = self._desk.names.get(key)
        clock = "file" if self._desk.timeline.is_file(key) else "utc"
        found = [
            one.model_copy(update={"start": self._shown(key, one.start), "end": self._shown(key, one.end)})
            for one in self.model.all
            if one.source == camera and one.clock == clock
        ]
        return corrected(own, track_id, found) if found else own

    def _saved(self, key: int, at: float) -> float:
        """A time of the timeline as it is saved: of a live source seconds since 1970."""
        return at if self._desk.timeline.is_file(key) else time.time() - time.monotonic() + at

    def _shown(self, key: int, at: float) -> float:
        return at if self._desk.timeline.is_file(key) else at - time.time() + time.monotonic()

    def _keep_clip(self, key: int, stretch: Stretch, identity: str) -> str | None:
        """Write the pictures of a stretch in the background, cut to the person; the name of the clip."""
        found: list[tuple[float, Observation, object]] = []
        played, held = self._window.bridge.played(key), self._desk.held.get(key)
        if played is not None:
            for seen, picture in played.pictures(stretch.start, stretch.end):
                found.append((seen.frame.time, seen, picture))
        elif held is not None:
            for frame in held.between(stretch.start, stretch.end):
                found.append((frame.captured, frame.seen, lambda frame=frame: frame.observation().frame.image))
        boxes = [person.box for _, seen, _ in found for person in seen.persons if person.track_id == stretch.track_id]
        if not boxes or self._window.bridge.model.layers.privacy != "none":
            self._window.banner.say(
                tr("There are no pictures of that stretch: the correction has no clip to learn from.")
            )
            return None
        area, name = _around(np.array(boxes, np.float32)), f"{identity}.mp4"

        def write() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            pictures = ((at, _cut(picture(), area)) for at, _, picture in found)  # type: ignore[operator]
            write_clip(self._folder / name, pictures)

        self._desk.events.keeper.later(write)
        return name

    def _still(self, key: int) -> Observation | None:
        sink, played = self._window.bridge.sink(key), self._window.bridge.played(key)
        if sink is None:
            return None
        stands = sink.pinned is not None if played is None else not played.state.is_playing
        shown = sink.peek()
        return shown.observation if stands and shown is not None else None

    def _selected(self, key: int) -> int | None:
        chosen = self._window.bridge.model.selection
        return chosen.track_id if chosen is not None and chosen.source == key else None

    def _threshold(self) -> float:
        layers, bundle = self._window.bridge.model.layers, self._window.bridge.engine.bundle
        if layers.joint_threshold is not None or bundle is None or bundle.plan.persons is None:
            return layers.joint_threshold or 0.0
        return bundle.plan.joint_confidence

    def _move_joint(self, grip: Grip) -> None:
        seen, bundle = self._still(grip.key), self._window.bridge.engine.bundle
        if seen is None or bundle is None:
            return
        after = with_joint(seen, grip.track_id, grip.joint, grip.after)
        person = next(person for person in after.persons if person.track_id == grip.track_id)
        identity, key = str(ULID()), grip.key
        joints = bundle.plan.skeleton.joints
        at = seen.frame.time if self._desk.timeline.is_file(key) else seen.frame.captured
        height, width = seen.frame.image.shape[:2]
        poses = np.column_stack([person.pose.joints, person.pose.confidence]).tolist()
        one = Correction(
            id=identity,
            kind="joint",
            source=self._desk.names.get(key, "source"),
            clock="file" if self._desk.timeline.is_file(key) else "utc",
            start=self._saved(key, at),
            end=self._saved(key, at),
            track=grip.track_id,
            joint=joints[grip.joint],
            x=grip.after[0],
            y=grip.after[1],
            pose=tuple((x, y, confidence) for x, y, confidence in poses),
            joints=tuple(joints),
            box=tuple(float(value) for value in person.box),  # type: ignore[arg-type]
            size=(width, height),
            material=f"{identity}.jpg",
        )
        image = seen.frame.image

        def write() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{identity}.jpg").write_bytes(encode_jpeg(image, _LARGEST_PICTURE))

        self._desk.events.keeper.later(write)
        index = seen.frame.index

        def put(place: tuple[float, float]) -> None:
            self._put_joint(key, index, grip, place)

        words = f"#{grip.track_id} {joints[grip.joint].replace('_', ' ')}"
        self._add(one, Step(words, lambda: put(grip.before), lambda: put(grip.after)))

    def _put_joint(self, key: int, index: int, grip: Grip, place: tuple[float, float]) -> None:
        """Show a joint somewhere else in a picture that stands still."""
        sink, played = self._window.bridge.sink(key), self._window.bridge.played(key)
        if played is not None:
            played.change(index, lambda seen: with_joint(seen, grip.track_id, grip.joint, place))
        elif sink is not None and sink.pinned is not None and sink.pinned.observation.frame.index == index:
            moved = with_joint(sink.pinned.observation, grip.track_id, grip.joint, place)
            sink.pin(moved, sink.pinned.privacy)
            self._window.bridge.new_frame.emit(key)


def _around(boxes: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> tuple[int, int, int, int]:
    """What of the pictures a person needs in all of them, with a margin: left, top, right, bottom."""
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    room = _MARGIN * (high - low)
    left, top = (max(0, int(value)) for value in low - room)
    right, bottom = (int(value) + 1 for value in high + room)
    return left, top, right, bottom


def _cut(picture: UInt8, area: tuple[int, int, int, int]) -> UInt8:
    left, top, right, bottom = area
    return np.ascontiguousarray(picture[top:bottom, left:right])


def _nothing() -> None:
    """A correction of a stretch changes nothing but the list."""
