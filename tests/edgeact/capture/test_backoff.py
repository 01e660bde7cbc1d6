import random

from edgeact.capture.backoff import JITTER, seconds_to_wait


def waits(outage: float, *, is_refused: bool = False) -> list[float]:
    chance = random.Random(1)
    return [seconds_to_wait(outage, is_refused=is_refused, chance=chance) for _ in range(200)]


def test_who_was_away_shortly_is_noticed_soon() -> None:
    assert max(waits(0.0)) <= 0.25 * (1 + JITTER)
    assert max(waits(10.0)) <= 1.25  # running again within three seconds of coming back


def test_who_was_away_for_minutes_is_noticed_within_two_seconds() -> None:
    assert max(waits(120.0)) < 2.0
    assert max(waits(599.0)) < 2.0
    assert min(waits(601.0)) > 20.0


def test_who_is_away_for_long_costs_little() -> None:
    assert min(waits(86_400.0)) >= 30.0 * (1 - JITTER)
    assert max(waits(86_400.0)) <= 30.0 * (1 + JITTER)


def test_a_wrong_password_is_not_tried_often() -> None:
    assert min(waits(0.0, is_refused=True)) >= 20.0


def test_waits_differ() -> None:
    assert len(set(waits(10.0))) > 100
