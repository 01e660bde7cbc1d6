"""Teachers that look several times: what they agree on counts, what moves with the crop does not."""

import numpy as np
import pytest

from trainer.precomputed.teachers import COCO_MIRROR, decode_heat, merge_poses, mirror_mean, tinypose_matrix


def looks(*joints: tuple[float, float, float]) -> np.ndarray:
    """Looks (K, 3, 3) that see the first joint so, and agree on the two others, 100 pixels apart."""
    rest = [(0.0, 0.0, 0.9), (0.0, 100.0, 0.9)]
    return np.array([[joint, *rest] for joint in joints], np.float32)


def test_looks_that_agree_give_their_mean_by_score() -> None:
    merged = merge_poses(looks((10.0, 50.0, 0.9), (14.0, 50.0, 0.3)))
    assert merged.dtype == np.float32
    assert merged[0] == pytest.approx([11.0, 50.0, 0.6], abs=1e-5)
    assert merged[1:].tolist() == pytest.approx(np.array([(0, 0, 0.9), (0, 100, 0.9)], np.float32), abs=1e-5)


def test_a_look_that_disagrees_makes_a_joint_unsure_and_does_not_move_it() -> None:
    merged = merge_poses(looks((10.0, 50.0, 0.9), (40.0, 50.0, 0.8)))
    assert merged[0] == pytest.approx([10.0, 50.0, 0.45], abs=1e-5)
    # A tenth of the pose's extent, 100 pixels, is the limit.
    assert merge_poses(looks((0.0, 50.0, 0.9), (9.9, 50.0, 0.9)))[0, 2] == pytest.approx(0.9, abs=1e-5)
    assert merge_poses(looks((0.0, 50.0, 0.9), (10.1, 50.0, 0.9)))[0, 2] == pytest.approx(0.45, abs=1e-5)


def test_one_look_stays_as_it_is_and_no_score_is_no_nan() -> None:
    only = looks((10.0, 50.0, 0.7))
    assert merge_poses(only) == pytest.approx(only[0], abs=1e-5)
    assert merge_poses(np.zeros((2, 17, 3), np.float32)) == pytest.approx(np.zeros((17, 3)), abs=1e-5)


def test_a_mirrored_look_is_turned_back() -> None:
    heat = np.random.default_rng(0).random((17, 64, 48)).astype(np.float32)
    mirrored = heat[:, :, ::-1][np.argsort(COCO_MIRROR)]
    np.testing.assert_allclose(mirror_mean(heat, mirrored), heat, rtol=1e-6)


@pytest.mark.parametrize("padding", [1.12, 1.25, 1.4])
def test_joints_come_back_in_the_frames_pixels(padding: float) -> None:
    box = np.array([100.0, 50.0, 180.0, 290.0])
    matrix = tinypose_matrix(box, padding=padding)
    middle = matrix[:, :2] @ (140, 170) + matrix[:, 2]
    assert middle == pytest.approx([96, 128])
    heat = np.zeros((1, 64, 48), np.float32)
    heat[0, 32, 24] = 0.8  # the crop's middle
    x, y, score = decode_heat(heat, matrix)[0]
    assert (x, y, score) == (pytest.approx(140, abs=1.5), pytest.approx(170, abs=1.5), pytest.approx(0.8))
