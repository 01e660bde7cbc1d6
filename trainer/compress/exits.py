"""The exits of paper E's network: each is trained, and the one is taken that a budget of time has room for.

A network of pyramids says poses and actions at every block. Its loss is the sum over all blocks, so that one training
makes all exits (section 4.2.1 of the paper); a bundle is cut at one of them, and what lies behind is not in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from edgeact.errors import UsageError
from trainer.evaluate.metrics.accuracy import top1
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.evaluate.report.facts import day_and_machine
from trainer.evaluate.report.figure_names import FRAME_TIME, MEAN_PRECISION, TOP1
from trainer.evaluate.report.findings import Chart, Curve, Figure, Findings
from trainer.inputs.batch import Batch
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.models.pose_action_pyramid import PoseActionPyramid

Exit = tuple[int, int]  # pyramid and level, from 1


@dataclass(frozen=True, slots=True)
class ExitFigures:
    """What one exit costs and gives.

    Attributes:
        exit_at: Pyramid and level.
        precision: mAP of its actions, 0..1.
        right: Share of clips whose likeliest action is the right one, 0..1.
        milliseconds: Of one frame and its part of a clip, on the machine that measured.
        size: Of its graphs in bytes.
    """

    exit_at: Exit
    precision: float
    right: float
    milliseconds: float
    size: int


@torch.no_grad()
def score_exits(
    network: PoseActionPyramid, batches: Iterable[Batch], device: torch.device
) -> dict[Exit, dict[str, float]]:
    """``mAP`` and ``top1`` of every exit that says actions; each clip is looked at once.

    Args:
        network: Trained; in evaluation mode afterwards.
        batches: Of clips that nothing was learnt from.
        device: Where it runs; the network is there.
    """
    network.eval()
    said: dict[Exit, list[np.ndarray]] = {exit_at: [] for exit_at in network.acting_steps()}
    labels = []
    for batch in batches:
        for found in network(to_range(batch.pixels.to(device), SIGNED_UNIT)):
            if found.actions is not None:
                said[found.pyramid, found.level].append(torch.softmax(found.actions, -1).float().cpu().numpy())
        labels.append(batch.labels.numpy())
    truth = np.concatenate(labels)
    scores = {exit_at: np.concatenate(parts) for exit_at, parts in said.items()}
    return {
        exit_at: {"mAP": mean_average_precision(probability, truth), "top1": top1(probability, truth)}
        for exit_at, probability in scores.items()
    }


def choose_exit(figures: Sequence[ExitFigures], *, milliseconds: float) -> ExitFigures:
    """The exit with the highest mAP within the budget; of equal ones the faster.

    Args:
        figures: Of every exit.
        milliseconds: The budget.

    Raises:
        UsageError: No exit is so fast.
    """
    fitting = [found for found in figures if found.milliseconds <= milliseconds]
    if not fitting:
        fastest = min(found.milliseconds for found in figures)
        raise UsageError(f"the budget is {milliseconds:g} ms, and the fastest exit takes {fastest:.2g} ms; allow more")
    return max(fitting, key=lambda found: (found.precision, -found.milliseconds))


def exit_findings(figures: Sequence[ExitFigures], recipe: str, created: str) -> Findings:
    """Build the speed–accuracy curves of the exits as findings that `trainer.evaluate.report.page.write_page` renders.

    Args:
        figures: Of every exit.
        recipe: Name of the recipe that the network was trained by.
        created: The day on which they were measured, ``YYYY-MM-DD``.
    """
    ordered = sorted(figures, key=lambda found: found.milliseconds)
    rows = [
        row
        for found in figures
        for of in [f"exit {exit_name(found.exit_at)}"]
        for row in (
            Figure(MEAN_PRECISION, of, found.precision),
            Figure(TOP1, of, found.right),
            Figure(FRAME_TIME, of, found.milliseconds, unit="ms"),
            Figure("size of its graphs", of, found.size / 1e3, unit="kB"),
        )
    ]
    times, names = tuple(found.milliseconds for found in ordered), tuple(exit_name(found.exit_at) for found in ordered)
    curves = (
        Curve(MEAN_PRECISION, times, tuple(found.precision for found in ordered), names),
        Curve(TOP1, times, tuple(found.right for found in ordered)),
    )
    chart = Chart(
        "Speed and accuracy of each exit: pyramid,level", "ms a frame, one thread", "share", curves, marked=True
    )
    facts = (("recipe", recipe), *day_and_machine(created), ("data", "the samples that its training was measured on"))
    return Findings(f"Exits of {recipe}", facts, tuple(rows), charts=(chart,))


def exit_name(exit_at: Exit) -> str:
    """Format an exit as "pyramid,level", for example ``2,1``."""
    return "{},{}".format(*exit_at)
