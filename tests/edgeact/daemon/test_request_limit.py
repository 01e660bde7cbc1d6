from edgeact.daemon.request_limit import BURST, MOST_CLIENTS, RATE, RequestLimit


def test_a_client_has_a_burst_then_a_rate_and_others_do_not_suffer() -> None:
    limit = RequestLimit()
    assert [limit.allows("a", 0.0) for _ in range(int(BURST) + 1)] == [True] * int(BURST) + [False]
    assert limit.allows("b", 0.0)
    assert limit.allows("a", 1.01 / RATE)
    assert not limit.allows("a", 1.02 / RATE)


def test_what_is_remembered_of_clients_is_bounded() -> None:
    limit = RequestLimit()
    for number in range(MOST_CLIENTS + 10):
        limit.allows(str(number), 0.0)
    assert len(limit._left) == MOST_CLIENTS
