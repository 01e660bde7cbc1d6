"""How long to wait before the next attempt to reach a source."""

import random

SHORTEST_SECONDS = 0.25
LONGEST_SECONDS = 30.0
# Who was away for minutes gives frames again within three seconds: this wait and its jitter, a connection, a key frame.
PROMPT_SECONDS, PROMPT_FOR_SECONDS = 1.5, 600.0
# A tenth of the outage so far: who was away for ten seconds is noticed within one, who was away for a day costs little.
SHARE_OF_OUTAGE = 0.1
JITTER = 0.25  # by which the wait is spread, so that all cameras of a switch that comes back do not call at once
# After a wrong password: cameras lock accounts that try too often.
AUTH_SECONDS = 30.0


def seconds_to_wait(outage: float, *, is_refused: bool, chance: random.Random) -> float:
    """Seconds until the next attempt.

    Args:
        outage: Seconds since the last frame.
        is_refused: The server refused user name or password.
        chance: Where the jitter comes from.
    """
    longest = PROMPT_SECONDS if outage < PROMPT_FOR_SECONDS else LONGEST_SECONDS
    wait = min(max(SHORTEST_SECONDS, SHARE_OF_OUTAGE * outage), longest)
    if is_refused:
        wait = max(wait, AUTH_SECONDS)
    return wait * chance.uniform(1.0 - JITTER, 1.0 + JITTER)
