"""Compare a network with the one that it came from, by the source of validation data that gains least."""

from collections.abc import Mapping


def worst_gain(scores: Mapping[str, float], former: Mapping[str, float]) -> float:
    """Return the lowest gain of a source over a former network, rounded to four digits; 0 where there is no source.

    Sources are not equally hard: the lowest score would always be that of the hardest source.

    Args:
        scores: Of each source, the higher the better.
        former: The same of the former network, of these sources at least.
    """
    return round(min((score - former[name] for name, score in scores.items()), default=0.0), 4)
