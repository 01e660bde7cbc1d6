"""Persons as a table: a row for each person in each frame, which CSV, Parquet and pandas share.

Columns, in this order:

- ``index``, ``time``, ``epoch``, ``track``: number of the frame, seconds, connection, and the person's number.
- ``action``: the label in force (of several the one with the highest score) of the first action head; of another one
  ``HEAD_action``, and where it speaks for the scene ``scene_HEAD_action``.
- ``box_x_min`` … ``box_y_max``, ``score``: pixels, and the detector's score.
- ``action_score``, ``smoothed_LABEL``, ``raw_LABEL``: the score of that label, and the probabilities of all; of other
  heads ``HEAD_action_score`` and so on.
- ``JOINT_x``, ``JOINT_y``, ``JOINT_confidence``, and where there is depth ``JOINT_x_m``, ``JOINT_y_m``, ``JOINT_z_m``.
- ``head_x_min`` … ``left_hand_y_max``: the squares around the parts.

Where a bundle reads the scene, each frame has one more row, without a track, for the heads that speak for the scene.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeact.errors import SourceNotFoundError
from edgeact.results.records import FrameRecord, Head, Results
from edgeact.types import Float32, Person, Reading

KEYS = ("index", "time", "epoch", "track")
_CORNERS = ("x_min", "y_min", "x_max", "y_max")
_PARTS = ("head", "right_hand", "left_hand")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row: its keys in the order of `KEYS`, its texts, and its numbers ``(N,)`` float32, NaN where there is none.

    ``track`` is None, and so is each text that there is not.
    """

    keys: tuple[int, float, int, int | None]
    texts: tuple[str | None, ...]
    numbers: Float32


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table, after `KEYS`, and the result that its rows are read from.

    Attributes:
        texts: Names of the columns with texts.
        numbers: Names of the columns with numbers.
        has_depth: Whether joints have 3D columns.
        results: Where the rows come from.
    """

    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    has_depth: bool
    results: Results

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns, in the order of `Row`."""
        return (*KEYS, *self.texts, *self.numbers)

    def rows(self) -> Iterator[Row]:
        """All rows, read from the file as they are asked for.

        Raises:
            SourceFormatError: The file was cut off or damaged.
        """
        heads = self.results.header.heads
        speaks_for_scene = any(head.scope == "scene" for head in heads)
        for frame in self.results.frames:
            for person in frame.persons:
                yield self._row(frame, person)
            if speaks_for_scene:
                yield self._row(frame, None)

    def _row(self, frame: FrameRecord, person: Person | None) -> Row:
        header = self.results.header
        scope = "scene" if person is None else "person"
        readings = {reading.head: reading for reading in (frame.scene if person is None else person.readings)}
        numbers = [np.full(5, np.nan, np.float32) if person is None else np.append(person.box, person.score)]
        texts: list[str | None] = []
        for head in header.heads:
            reading = readings.get(head.name) if head.scope == scope else None
            strongest = None if reading is None else reading.strongest
            texts.append(None if strongest is None else strongest[0])
            numbers.append(_numbers_of(head, reading))
        joints = 0 if header.skeleton is None else len(header.skeleton.joints)
        numbers.append(_joints_of(person, joints, has_depth=self.has_depth))
        boxes: dict[str, Float32] = {} if person is None else {part.name: part.box for part in person.parts}
        unseen: Float32 = np.full(4, np.nan, np.float32)
        numbers += [boxes.get(name, unseen) for name in _PARTS] if joints else []
        track = None if person is None else person.track_id
        return Row(
            (frame.index, frame.time, frame.epoch, track), tuple(texts), np.concatenate(numbers, dtype=np.float32)
        )


def make_table(results: Results) -> Table:
    """The table of a result; no row has been read yet, but whether there is depth was looked up.

    Raises:
        SourceNotFoundError: The file is gone.
    """
    header = results.header
    texts: list[str] = []
    numbers = [*(f"box_{corner}" for corner in _CORNERS), "score"]
    first = next((head for head in header.heads if head.scope == "person"), None)
    for head in header.heads:
        prefix = "" if head is first else f"{'scene_' if head.scope == 'scene' else ''}{head.name}_"
        texts.append(f"{prefix}action")
        numbers.append(f"{prefix}action_score")
        numbers += [f"{prefix}{kind}_{label}" for kind in ("smoothed", "raw") for label in head.labels]
    has_depth = _has_depth(results)
    if header.skeleton is not None:
        axes = ("x", "y", "confidence", *(("x_m", "y_m", "z_m") if has_depth else ()))
        numbers += [f"{joint}_{axis}" for joint in header.skeleton.joints for axis in axes]
        numbers += [f"{part}_{corner}" for part in _PARTS for corner in _CORNERS]
    return Table(tuple(texts), tuple(numbers), has_depth, results)


def _has_depth(results: Results) -> bool:
    """Whether a frame has 3D joints, which the header does not say; looked for as text, which is quick."""
    try:
        with results.path.open("rb") as file:
            return any(b'"joints_3d"' in line for line in file)
    except OSError as error:
        raise SourceNotFoundError(f"{results.path} cannot be read ({error.strerror}); was it moved?") from error


def _numbers_of(head: Head, reading: Reading | None) -> Float32:
    """The score of the label in force, and all smoothed and raw probabilities."""
    if reading is None:
        return np.full(1 + 2 * len(head.labels), np.nan, np.float32)
    strongest = reading.strongest
    score = np.array([np.nan if strongest is None else strongest[1]], np.float32)
    return np.concatenate([score, reading.smoothed, reading.raw])


def _joints_of(person: Person | None, joints: int, *, has_depth: bool) -> Float32:
    """All numbers of each joint, joint after joint."""
    if person is None:
        return np.full(joints * (6 if has_depth else 3), np.nan, np.float32)
    pose = person.pose
    columns = [pose.joints, pose.confidence[:, None]]
    if has_depth:
        columns.append(np.full((joints, 3), np.nan, np.float32) if pose.joints_3d is None else pose.joints_3d)
    return np.concatenate(columns, axis=1, dtype=np.float32).ravel()
