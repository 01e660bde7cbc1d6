"""No pixel of what is concealed is left, also of who is out of sight for a moment."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.bundle.plan import Plan
from edgeact.errors import ConfigError
from edgeact.privacy.areas import PrivacyMode
from edgeact.privacy.conceal import FILL, fill_areas
from edgeact.privacy.concealer import KEPT_SECONDS, REST_SECONDS, SETTLING_SECONDS, Concealer
from edgeact.types import Detection, Frame, Observation, Person, UInt8
from tests.edgeact.privacy.test_areas import standing

LATER = SETTLING_SECONDS + 1


@pytest.fixture(scope="module")
def plan(tiny_bundle: Path) -> Plan:
    return load_bundle(tiny_bundle).plan


def noise(seed: int, size: tuple[int, int] = (240, 320)) -> UInt8:
    image = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    image.flags.writeable = False
    return image


def shown(
    concealer: Concealer, image: UInt8, persons: tuple[Person, ...], time: float = LATER, epoch: int = 0
) -> UInt8:
    return concealer(Observation(Frame(0, time, image, epoch), persons)).frame.image


def settled(mode: PrivacyMode, plan: Plan, most_persons: int = 20) -> Concealer:
    """One whose source has given frames for long enough."""
    concealer = Concealer(mode, plan, most_persons=most_persons)
    shown(concealer, noise(0), (), time=LATER - SETTLING_SECONDS)
    return concealer


@pytest.mark.parametrize("mode", ["heads", "persons"])
def test_what_is_concealed_does_not_depend_on_the_picture_and_the_rest_is_the_picture(
    mode: PrivacyMode, plan: Plan
) -> None:
    person = standing()
    first, second = (shown(settled(mode, plan), noise(seed), (person,)) for seed in (1, 2))
    x0, y0, x1, y1 = (92, 40, 108, 64) if mode == "heads" else (80, 40, 120, 160)
    assert (first[y0 : y1 + 1, x0 : x1 + 1] == FILL).all()
    assert (second[y0 : y1 + 1, x0 : x1 + 1] == FILL).all()
    assert (first[200:] == noise(1)[200:]).all()
    assert (first[:, 200:] == noise(1)[:, 200:]).all()
    if mode == "heads":
        assert (first[130:160, 80:120] == noise(1)[130:160, 80:120]).all()


def test_a_skeleton_stands_on_black_whatever_the_picture(plan: Plan) -> None:
    first, second = (shown(settled("skeleton", plan), noise(seed), (standing(),)) for seed in (1, 2))
    assert (first == second).all()
    assert first.any()
    assert not first[:, 200:].any()
    assert not shown(settled("skeleton", plan), noise(3), ()).any()


def test_who_is_not_seen_any_more_stays_concealed_for_a_while_and_ever_wider(plan: Plan) -> None:
    concealer = settled("persons", plan)
    shown(concealer, noise(1), (standing(),))
    hidden = [
        int((shown(concealer, noise(1), (), time=LATER + after) == FILL).all(2).sum())
        for after in (0.1, 1.0, KEPT_SECONDS - 0.1, KEPT_SECONDS + 0.1)
    ]
    assert 40 * 120 < hidden[0] < hidden[1] < hidden[2]
    assert hidden[3] == 0


def test_before_anybody_can_have_been_found_nothing_is_shown_also_after_a_reconnect(plan: Plan) -> None:
    concealer = Concealer("heads", plan, most_persons=20)
    for time, epoch, is_shown in (
        (5.0, 0, False),
        (5.9, 0, False),
        (6.1, 0, True),
        (7.0, 1, False),
        (8.1, 1, True),
        (8.1 + REST_SECONDS + 0.1, 1, False),
    ):
        image = shown(concealer, noise(1), (), time=time, epoch=epoch)
        assert (image == noise(1)).all() == is_shown
        assert (image == FILL).all() != is_shown


def test_where_more_may_be_there_than_are_followed_nothing_is_shown(plan: Plan) -> None:
    concealer = settled("heads", plan, most_persons=1)
    assert (shown(concealer, noise(1), (standing(),)) == FILL).all()


def test_areas_reach_to_the_borders_and_one_that_is_no_number_hides_all() -> None:
    image = noise(1)
    filled = fill_areas(image, [np.array([-50, -50, 10.2, 1e9], np.float32)])
    assert (filled[:, :12] == FILL).all()
    assert (filled[:, 12:] == image[:, 12:]).all()
    assert (fill_areas(image, [np.array([np.nan, 0, 1, 1], np.float32)]) == FILL).all()


def test_a_bundle_that_follows_nobody_cannot_conceal_anybody(plan: Plan) -> None:
    class SceneOnly:
        persons = None

    for mode in ("heads", "persons"):
        with pytest.raises(ConfigError, match="needs a bundle that follows persons"):
            Concealer(mode, SceneOnly(), most_persons=20)  # type: ignore[arg-type]
    concealer = Concealer("skeleton", SceneOnly(), most_persons=20)  # type: ignore[arg-type]
    assert not shown(concealer, noise(1), ()).any()


def test_what_the_detector_is_not_sure_of_is_concealed_too_until_it_has_looked_again(plan: Plan) -> None:
    concealer = settled("persons", plan)
    box = np.array([200, 50, 230, 140], np.float32)

    def look(after: float, *found: Detection) -> UInt8:
        return concealer(Observation(Frame(0, LATER + after, noise(1)), (), detections=found)).frame.image

    for after, found in ((0.0, (Detection(box, 0.2),)), (0.1, ()), (0.9, ())):
        assert (look(after, *found)[50:141, 200:231] == FILL).all()
    assert (look(1.1) == noise(1)).all()


def test_a_followed_person_whom_the_detector_finds_again_keeps_everything_but_the_head(plan: Plan) -> None:
    person = standing()
    seen = Observation(Frame(0, LATER, noise(1)), (person,), detections=(Detection(person.box, 0.9),))
    image = settled("heads", plan)(seen).frame.image
    assert (image[80:160, 80:120] == noise(1)[80:160, 80:120]).all()
