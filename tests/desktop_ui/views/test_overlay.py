"""What is painted over a picture."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QFont, QImage, QPainter

from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.shown_frame import ShownFrame
from desktop_ui.model.layers import Layers
from desktop_ui.views.overlay import Place, paint_overlay
from edgeact.bundle.load import load_bundle
from edgeact.types import AttentionMap, Float32, Reading
from tests.desktop_ui.bridge.test_newest_frame import observation

NOTHING_BUT_HEAT = Layers(skeleton=False, boxes=False, labels=False, zones=False, attention=True, attention_opacity=1)
LABELS_ALONE = Layers(skeleton=False, boxes=False, zones=False)
TITLE = QRectF(0, 0, 120, 40)  # over the upper edge of the person, where the label would be


def painted_in_title(shown: ShownFrame, bundle: Path, title: QRectF | None) -> int:
    """Pixels that labels have painted where the title is to be."""
    image = QImage(320, 200, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    paint_overlay(
        painter, shown, Place(0, 0, 2), LABELS_ALONE, load_bundle(bundle).plan, selected=None, font=QFont(), title=title
    )
    painter.end()
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    pixels = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    assert pixels.any(), "the label is there"
    return int(np.count_nonzero(pixels[: round(TITLE.height()), : round(TITLE.width())]))


def test_no_label_stands_under_the_title_of_the_source(tiny_bundle: Path, qapp: Any) -> None:
    sink = NewestFrame(lambda: LABELS_ALONE, lambda: None)
    sink.write(observation(), None)
    shown = sink.peek()
    assert shown is not None
    assert painted_in_title(shown, tiny_bundle, None) > 100
    assert painted_in_title(shown, tiny_bundle, TITLE) == 0


def heat_painted(bundle: Path, counts: Float32 | None, label: str | None) -> Float32:
    """``(200, 320)`` by how bright a black tile becomes, twice as large as its frame."""
    seen = observation()
    values = np.zeros((4, 4), np.float32)
    values[0, 0] = 1
    found = AttentionMap("joints", values, np.array([0, 0, 40, 40], np.float32), label, joints=counts)
    reading = Reading("action", np.ones(2, np.float32), np.ones(2, np.float32), attention=(found,))
    joints = seen.persons[0].pose.joints.copy()
    joints[9] = 120, 80
    pose = replace(seen.persons[0].pose, joints=joints)
    sink = NewestFrame(lambda: NOTHING_BUT_HEAT, lambda: None)
    sink.write(replace(seen, persons=(replace(seen.persons[0], pose=pose, readings=(reading,)),)), None)
    shown = sink.peek()
    assert shown is not None
    image = QImage(320, 200, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    plan = load_bundle(bundle).plan
    paint_overlay(painter, shown, Place(0, 0, 2), NOTHING_BUT_HEAT, plan, selected=None, font=QFont(), title=None)
    painter.end()
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    pixels = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())[:, :320]
    return pixels.astype(np.float32)


def test_the_joint_that_decides_is_painted_as_a_disc_where_it_is(tiny_bundle: Path, qapp: Any) -> None:
    counts = np.zeros(21, np.float32)
    counts[9] = 1
    painted = heat_painted(tiny_bundle, counts, "walk")
    rows, columns = np.nonzero(painted > 60)
    assert (rows.mean(), columns.mean()) == pytest.approx((160, 240), abs=1)
    assert 8 <= np.ptp(rows) <= 24
    assert painted[160, 240] > 150
    assert not painted[:140].any()


@pytest.mark.parametrize("alike", [False, True])
def test_without_an_action_that_joints_decided_nothing_is_painted(tiny_bundle: Path, qapp: Any, alike: bool) -> None:
    counts = np.ones(21, np.float32) if alike else np.eye(21, dtype=np.float32)[9]
    assert not heat_painted(tiny_bundle, counts, "walk" if alike else None).any()


@pytest.mark.parametrize("label", ["walk", None])
def test_a_map_of_a_picture_is_painted_where_it_is(tiny_bundle: Path, qapp: Any, label: str | None) -> None:
    painted = heat_painted(tiny_bundle, None, label)
    assert painted[:20, :20].max() > 150
    assert not painted[100:].any()
