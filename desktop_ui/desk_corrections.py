"""Correcting on the operator's desk: choose a stretch and say what it is, drag a joint, undo, export for training."""

import time
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QMenu, QPushButton
from ulid import ULID

from desktop_ui.bridge.background import Background
from desktop_ui.bridge.recorded_perceiving import is_results
from desktop_ui.keeping.correction_clip import CorrectionClip, Seen, correction_clip
from desktop_ui.keeping.held_frames import encode_jpeg
from desktop_ui.keeping.training_export import ExportedSamples, export_samples
from desktop_ui.model.corrected import SourceCorrections, with_joint
from desktop_ui.model.corrections import (
    FILE_NAME,
    Correction,
    Corrections,
    folder_beside,
    path_beside,
    read_corrections,
)
from desktop_ui.model.event_list import KeptEvent
from desktop_ui.model.timeline import Stretch
from desktop_ui.model.undo import UndoStack
from desktop_ui.translation import tr
from desktop_ui.views.joint_tool import Grip, JointTool
from edgeact.errors import EdgeactError
from edgeact.types import Observation

if TYPE_CHECKING:
    from desktop_ui.desk import Desk
    from desktop_ui.main_window import MainWindow

_LEAD_SECONDS = 2.2  # of a clip before its stretch: clip networks judge the last two seconds
_LARGEST_PICTURE = 8192
_MOST_OTHERS = 20  # that are offered as somebody else


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
        began: A live source begins anew, and gives its numbers to others; may be told from any thread.
    """

    began = pyqtSignal(int)

    def __init__(self, window: "MainWindow", desk: "Desk", undo: UndoStack, folder: Path) -> None:
        super().__init__(window)
        self._window, self._desk, self._folder = window, desk, folder
        self._background = Background(self)
        self._said: dict[int, SourceCorrections] = {}  # by the source's key
        self._said_by_day: dict[str, SourceCorrections] = {}  # of cameras, by their name, in seconds since 1970
        self._beginnings: dict[int, list[float]] = {}  # of live sources, of `time.monotonic`
        self._asked: set[str] = set()  # results whose corrections were read
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
        timeline.said = self.said
        timeline.stretch_chosen.connect(self._show)
        desk.events.corrected = self.corrected_event
        self.began.connect(self._note_beginning)
        window.bridge.model.sources_changed.connect(self._take_sources)
        self.model.changed.connect(self._use)
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

    def said(self, key: int) -> SourceCorrections:
        """What has been said of a source."""
        return self._said.get(key, SourceCorrections())

    def corrected_event(self, event: KeptEvent) -> KeptEvent:
        """An event as it is listed and exported: by what has been said of its person at that time."""
        record = event.record
        if record.track is None or not self.model.all:
            return event
        said = self._said_by_day.get(record.source, SourceCorrections())
        at = record.start.timestamp()
        if event.key is not None and event.at is not None and self._desk.timeline.is_file(event.key):
            said, at = self.said(event.key), event.at
        told = said.told(
            record.track, at + (0.0 if record.end is None else (record.end - record.start).total_seconds() / 2)
        )
        label = told.label if told.label is not None and record.kind == "action" else record.label
        if (told.number, label, told.is_nobody) == (record.track, record.label, False):
            return event
        fresh = replace(record, track=told.number, label=label)
        return replace(event, record=fresh, told=record, is_nobody=told.is_nobody)

    def say(self, kind: str, *, label: str | None = None, becomes: int | None = None, carries_on: bool = False) -> None:
        """Say of the chosen stretch that it is ``label``, not a person (``not_person``) or another number.

        Args:
            kind: See `Correction`.
            label: What the person does.
            becomes: Who it is.
            carries_on: Who it is from there on, as long as the track lasts.
        """
        stretch, subject = self._desk.timeline.stretch, self._desk.timeline.subject
        if stretch is None or subject is None:
            self._window.banner.say(tr("Choose a stretch of the timeline first: click a bar, or drag with Shift."))
            return
        key, identity = subject.source, str(ULID())
        beside = self._beside(key)
        clip, path = self._clip(key, stretch), self._folder_of(beside) / f"{identity}.mp4"
        if clip is not None:
            self._desk.events.keeper.later(lambda: clip.write(path))
        one = Correction(
            id=identity,
            kind=kind,  # type: ignore[arg-type]
            source=self._desk.names.get(key, "source"),
            clock="file" if self._desk.timeline.is_file(key) else "utc",
            start=stretch.start - self._shift(key),
            end=stretch.end - self._shift(key),
            track=stretch.seen_track,
            label=label if kind == "label" else stretch.label or None,
            becomes=becomes,
            carries_on=carries_on,
            material=path.name if clip else None,
            lead=clip.lead if clip else 0,
            boxes=clip.boxes if clip else (),
            beside=beside,
        )
        words = {"label": label or "", "not_person": tr("not a person"), "identity": f"#{becomes}"}[kind]
        self._add(one, f"#{stretch.track_id} → {words.replace('_', ' ')}")

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
            lambda: export_samples(corrections, lambda one: self._folder_of(one.beside), folder),
            done,
            lambda error: self._window.banner.say(str(error), "alert"),
        )

    def _add(self, one: Correction, words: str) -> None:
        self.model.add(one, words)
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
        others = self._others(subject.source, stretch.track_id)
        for words, carries_on in (
            (tr("Somebody else from here on"), True),
            (tr("Somebody else in this stretch"), False),
        ):
            who = self._menu.addMenu(words)
            assert who is not None
            who.setEnabled(bool(others))
            for track in others:
                who.addAction(
                    f"#{track}",
                    lambda track=track, on=carries_on: self.say("identity", becomes=track, carries_on=on),
                )

    def _others(self, key: int, number: int) -> list[int]:
        """Whom somebody may be: the persons that were seen last."""
        sink = self._window.bridge.sink(key)
        known = () if sink is None else sink.tracks.known()
        said = [one.becomes for one in self.said(key).said if one.becomes is not None]
        return [other for other in sorted({*known, *said}) if other != number][-_MOST_OTHERS:]

    def _open_choice(self) -> None:
        if self._desk.timeline.stretch is not None:
            self.choice.showMenu()

    def _show(self) -> None:
        count = len(self.model.all)
        self.badge.setText(tr("Corrections: {count}").format(count=count))
        self.badge.setVisible(count > 0)
        self.choice.setVisible(self._desk.timeline.stretch is not None)

    def _use(self) -> None:
        """Show everything by the corrections that there are now."""
        sources = self._window.bridge.model.sources
        self._said = {item.key: self._of(item.key) for item in sources}
        keys = {name: key for key, name in self._desk.names.items()}
        by_day: dict[str, list[Correction]] = {}
        for one in self.model.all:
            if one.clock == "utc":
                by_day.setdefault(one.source, []).append(self._on_timeline(one, keys.get(one.source), 0.0))
        self._said_by_day = {source: SourceCorrections(tuple(found)) for source, found in by_day.items()}
        for key, said in self._said.items():
            sink = self._window.bridge.sink(key)
            if sink is not None:
                sink.corrections = said
        self._window.bridge.redraw()
        self._show()
        self._desk.events.refresh()

    def _of(self, key: int) -> SourceCorrections:
        """The corrections of a source, with times of its timeline."""
        is_file, beside, name = self._desk.timeline.is_file(key), self._beside(key), self._desk.names.get(key)
        clock = "file" if is_file else "utc"
        found = [
            self._on_timeline(one, key, self._shift(key))
            for one in self.model.all
            if one.clock == clock and one.beside == beside and (one.source == name or beside is not None)
        ]
        return SourceCorrections(tuple(found), is_file=is_file)

    def _on_timeline(self, one: Correction, key: int | None, shift: float) -> Correction:
        """A correction with its times moved, and with the end of what carries on: where the source begins anew."""
        end = one.end
        if one.carries_on:
            began = [] if key is None or one.clock == "file" else self._beginnings.get(key, [])
            end = min((at for at in began if at > one.end), default=inf)
        return one.model_copy(update={"start": one.start + shift, "end": end + shift})

    def _shift(self, key: int) -> float:
        """From a time as it is saved (of a camera seconds since 1970) to that of the timeline."""
        return 0.0 if self._desk.timeline.is_file(key) else time.monotonic() - time.time()

    def _note_beginning(self, key: int) -> None:
        self._beginnings.setdefault(key, []).append(time.time())
        self._use()

    def _beside(self, key: int) -> str | None:
        """The results that the corrections of a source are saved beside; None of all other sources."""
        item = self._window.bridge.model.source(key)
        return item.spec.name if item is not None and is_results(item.spec.name) else None

    def _folder_of(self, beside: str | None) -> Path:
        return self._folder if beside is None else folder_beside(beside)

    def _take_sources(self) -> None:
        """Read what was saved beside results that are new in the window."""
        for item in self._window.bridge.model.sources:
            results = self._beside(item.key)
            if results is not None and results not in self._asked:
                self._asked.add(results)
                self._read_beside(results, self._desk.names.get(item.key, "results"))
        self._use()

    def _read_beside(self, results: str, source: str) -> None:
        self._background.run(
            "reading of corrections",
            lambda: read_corrections(path_beside(results)),
            lambda read: self.model.take_beside(results, source, read),
            lambda error: self._window.banner.say(str(error), "warning"),
        )

    def _clip(self, key: int, stretch: Stretch) -> CorrectionClip | None:
        """The clip of a stretch, and of what came just before it; None where there are no pictures to learn from."""
        begin, found = stretch.start - _LEAD_SECONDS, list[Seen]()
        played, held = self._window.bridge.played(key), self._desk.held.get(key)
        if played is not None:
            found = [(seen.frame.time, seen, read) for seen, read in played.pictures(begin, stretch.end)]
        elif held is not None:
            found = [(frame.captured, frame.seen, frame.full_picture) for frame in held.between(begin, stretch.end)]
        is_open = self._window.bridge.model.layers.privacy == "none"
        clip = correction_clip(found, stretch.seen_track, stretch.start) if is_open else None
        if clip is None:
            self._window.banner.say(
                tr("There are no pictures of that stretch: the correction has no clip to learn from.")
            )
        return clip

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
        identity, key, said = str(ULID()), grip.key, self.said(grip.key)
        joints, beside, at = bundle.plan.skeleton.joints, self._beside(grip.key), said.time(seen)
        person = next(person for person in seen.persons if person.track_id == grip.track_id)
        pose = with_joint(person, grip.joint, grip.after).pose
        height, width = seen.frame.image.shape[:2]
        one = Correction(
            id=identity,
            kind="joint",
            source=self._desk.names.get(key, "source"),
            clock="file" if said.is_file else "utc",
            start=at - self._shift(key),
            end=at - self._shift(key),
            track=said.track(grip.track_id, at),
            joint=joints[grip.joint],
            x=grip.after[0],
            y=grip.after[1],
            pose=tuple((x, y, sure) for x, y, sure in np.column_stack([pose.joints, pose.confidence]).tolist()),
            joints=tuple(joints),
            box=tuple(float(value) for value in person.box),  # type: ignore[arg-type]
            size=(width, height),
            material=f"{identity}.jpg",
            beside=beside,
        )
        image, folder = seen.frame.image, self._folder_of(beside)

        def write() -> None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{identity}.jpg").write_bytes(encode_jpeg(image, _LARGEST_PICTURE))

        self._desk.events.keeper.later(write)
        self._add(one, f"#{grip.track_id} {joints[grip.joint].replace('_', ' ')}")
