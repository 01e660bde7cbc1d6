"""What corrections changed in a bundle that kept its actions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from trainer.evaluate.classes import ClipAnswer, told_label


@dataclass(frozen=True, slots=True)
class KeptFigures:
    """How many of the corrected clips are called rightly, as in use.

    Attributes:
        clips: How many there are.
        before: Right by the bundle that was corrected.
        held_out: Right by networks that had not learnt from the clip's source.
        after: Right by the network of the new bundle, which has learnt from them.
        agreement: The share of the moments of held-out recordings of which the bundle is right, in which the answer in
            force stayed; None without such recordings.
    """

    clips: int
    before: int
    held_out: int
    after: int
    agreement: float | None

    def as_json(self) -> dict:
        """Plain values for a manifest."""
        return asdict(self)

    def words(self) -> str:
        """One or two sentences for terminal and card."""
        said = (
            f"Of {self.clips} corrected clips {self.before} were called rightly before, {self.after} are now, and "
            f"{self.held_out} when their source was held out."
        )
        if self.agreement is None:
            return said
        return (
            f"{said} In recordings that were right, {self.agreement:.1%} of the held-out moments are called the same."
        )


def measure_kept(
    labels: Sequence[str],
    *,
    before: Sequence[ClipAnswer],
    held_out: Sequence[ClipAnswer],
    after: Sequence[ClipAnswer],
    agreement: float | None,
) -> KeptFigures:
    """Count.

    Args:
        labels: In the order of the answers' probabilities; the last one is "other".
        before: What the bundle that was corrected says of the corrected clips.
        held_out: What networks say of them that had not learnt from the clip's source.
        after: What the network of the new bundle says of them.
        agreement: See `KeptFigures`.
    """
    return KeptFigures(
        clips=len(before),
        before=_right(before, labels),
        held_out=_right(held_out, labels),
        after=_right(after, labels),
        agreement=agreement,
    )


def _right(answers: Sequence[ClipAnswer], labels: Sequence[str]) -> int:
    return sum(told_label(answer, labels) == answer.label for answer in answers)
