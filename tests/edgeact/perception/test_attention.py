"""From relevance to a picture."""

import numpy as np
import pytest

from edgeact.perception.attention import attention_map, joint_weights

BOX = np.array([0, 0, 36, 48], np.float32)


def test_only_the_last_half_second_counts() -> None:
    relevance = np.zeros((32, 3), np.float32)
    relevance[:20, 0] = 5.0  # long ago
    relevance[-4:, 2] = 1.0
    assert joint_weights(relevance, stride_seconds=1 / 15).tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_without_relevance_all_joints_count_alike(value: float) -> None:
    assert joint_weights(np.full((4, 5), value, np.float32), stride_seconds=0.1) == pytest.approx(np.full(5, 0.2))


def test_the_map_peaks_where_the_heaviest_joint_is() -> None:
    maps = np.zeros((2, 48, 36), np.float32)
    maps[0, 10, 5] = maps[1, 40, 30] = 1.0
    found = attention_map(np.array([0.25, 0.75], np.float32), maps, name="joints", box=BOX, label="walk")
    assert found.values.shape == (48, 36)
    assert found.values[40, 30] == 1.0
    assert found.values[10, 5] == pytest.approx(1 / 3)
    assert found.values.min() == 0.0
    assert found.label == "walk"


def test_many_joints_of_a_face_do_not_outshine_the_hand_that_decides() -> None:
    maps = np.zeros((6, 48, 36), np.float32)
    maps[:5, 5, 18] = 0.9  # five sharp maps at one place
    maps[5, 30:33, 3:6] = 0.1
    weights = np.array([0.12, 0.12, 0.12, 0.12, 0.12, 0.4], np.float32)
    found = attention_map(weights, maps, name="joints", box=BOX, label="wave").values
    assert found[31, 4] == 1.0
    assert found[5, 18] == pytest.approx(0.3)


def test_empty_maps_stay_empty() -> None:
    found = attention_map(np.ones(1, np.float32), np.zeros((1, 4, 3), np.float32), name="joints", box=BOX, label=None)
    assert not found.values.any()


def test_a_joint_out_of_sight_is_left_out_and_the_face_gets_no_brighter_for_it() -> None:
    maps = np.zeros((2, 48, 36), np.float32)
    maps[0, 5, 18], maps[1] = 0.9, 1 / maps[1].size
    weights, placed = np.array([0.2, 0.8], np.float32), np.array([True, False])
    found = attention_map(weights, maps, name="joints", box=BOX, label="kick", placed=placed).values
    assert found[5, 18] == pytest.approx(0.25)
    assert np.count_nonzero(found) == 1


def test_the_map_says_how_much_each_joint_counts() -> None:
    maps, weights = np.ones((3, 4, 3), np.float32), np.array([0.2, 0.6, 0.2], np.float32)
    found = attention_map(weights, maps, name="joints", box=BOX, label="kick", placed=np.array([True, True, False]))
    assert found.joints == pytest.approx([1 / 3, 1, 0])
    alike = attention_map(weights, maps, name="joints", box=BOX, label=None, decides=False)
    assert alike.joints is None
