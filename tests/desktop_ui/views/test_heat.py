import numpy as np

from desktop_ui.model.layers import Layers
from desktop_ui.views.heat import chosen_map, heat_image
from edgeact.skeleton import BODY_21
from edgeact.types import AttentionMap, Float32, Person, Pose, Reading

BOX = np.array([0, 0, 48, 64], np.float32)


def alpha(values: Float32) -> Float32:
    """The opacity of a map's picture, 0..1."""
    image = heat_image(AttentionMap("joints", values, BOX))
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    pixels = np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4)
    return np.asarray(pixels[..., 3] / 255, np.float32)


def test_a_single_cell_is_wide_enough_to_be_seen_where_it_is() -> None:
    values = np.zeros((64, 48), np.float32)
    values[20, 30] = 1.0
    shown = alpha(values)
    assert shown.shape == (256, 192)
    assert shown[82, 122] > 0.9
    rows, columns = np.nonzero(shown > 0.4)
    assert 12 <= np.ptp(rows) <= 40
    assert abs(float(rows.mean()) - 81.5) < 2
    assert abs(float(columns.mean()) - 121.5) < 2
    assert shown[200:, :100].max() == 0.0


def test_nothing_is_drawn_of_nothing() -> None:
    assert alpha(np.zeros((40, 32), np.float32)).max() == 0.0


def test_the_map_that_is_asked_for_is_taken() -> None:
    values = np.ones((2, 2), np.float32)
    named = (("cam", "walk"), ("cam", "run"), ("joints", None))
    maps = [AttentionMap(name, values, BOX, label) for name, label in named]
    scores = np.ones(2, np.float32)
    pose = Pose(np.zeros((len(BODY_21.joints), 2), np.float32), np.ones(len(BODY_21.joints), np.float32))
    reading = Reading("action", scores, scores, attention=tuple(maps[:2]))
    person = Person(1, BOX, 0.9, pose, readings=(reading,), attention=(maps[2],))
    assert chosen_map(person, Layers()) is maps[0]
    assert chosen_map(person, Layers(attention_map="joints")) is maps[2]
    assert chosen_map(person, Layers(attention_map="cam", attention_label="run")) is maps[1]
    assert chosen_map(person, Layers(attention_map="unknown")) is None
