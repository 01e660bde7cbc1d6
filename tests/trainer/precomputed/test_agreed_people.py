"""On whom two detectors agree, beside whom a human boxed."""

import numpy as np

from trainer.precomputed.agreed_people import agree

NOBODY = np.zeros((0, 4), np.float32)


def _boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_two_detectors_agree_on_who_is_surely_there() -> None:
    first = _boxes((0, 0, 10, 20), (50, 0, 60, 20), (80, 0, 90, 20)), np.array([0.9, 0.9, 0.1], np.float32)
    second = _boxes((0, 0, 12, 20), (30, 0, 40, 20), (80, 0, 90, 20)), np.array([0.8, 0.9, 0.9], np.float32)
    # Of the others one detector each saw nobody, or was not sure.
    assert np.allclose(agree(first, second, NOBODY), [(0, 0, 11, 20)])


def test_a_person_that_a_human_boxed_is_there_once_and_as_boxed() -> None:
    both = _boxes((0, 0, 10, 20)), np.array([0.9], np.float32)
    known = _boxes((1, 0, 11, 21))
    assert np.allclose(agree(both, both, known), known)
