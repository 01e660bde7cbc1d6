"""``edgeact train claim``: claims of the papers, tried in a reduced setting, one command each.

`edgeact --help` imports this file to list the commands: what takes seconds to import (torch) is imported when it is
used.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trainer.console import show_progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainer.claims.outcome import Outcome
    from trainer.claims.stanford_maps import Reduced

app = typer.Typer(add_completion=False, no_args_is_help=True)

StanfordOption = Annotated[Path, typer.Option("--data", metavar="DIR", help="Stanford 40 in its official layout")]
LiteOption = Annotated[Path, typer.Option("--weights", metavar="FILE", help="of EfficientNet-Lite2, from its package")]
MapsOption = Annotated[
    Path, typer.Option("--work", metavar="DIR", help="where the maps are kept: that of `edgeact train everyday`")
]
SeedsOption = Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="trainings of each variant")]
EpochsOption = Annotated[int, typer.Option("--epochs", min=1, metavar="N", help="of each training")]

_EVERYDAY_WORK = Path("edgeact-work/everyday")


@app.callback()
def claim() -> None:
    """Try a claim of the papers in a reduced setting, every variant with several seeds; docs/claims.md has outcomes."""


@app.command("mask_loss")
def mask_loss(
    data: StanfordOption,
    weights: LiteOption,
    work: MapsOption = _EVERYDAY_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 10,
) -> None:
    """B: the mask loss raises mAP. On frozen maps of Stanford 40, where it shows the spread of chance."""
    reduced = _stanford_maps("mask_loss", data, weights, work)

    from trainer.claims.mask_loss import try_mask_loss

    _print_outcomes(try_mask_loss(reduced, work / "claims", seeds=seeds, epochs=epochs), "mAP")


@app.command()
def pooling(
    data: StanfordOption,
    weights: LiteOption,
    work: MapsOption = _EVERYDAY_WORK,
    seeds: SeedsOption = 3,
    epochs: EpochsOption = 10,
) -> None:
    """D: generalised attentional pooling beats rank-1, which beats the mean. On frozen maps of Stanford 40."""
    reduced = _stanford_maps("pooling", data, weights, work)

    from trainer.claims.pooling import try_pooling

    _print_outcomes(try_pooling(reduced, work / "claims", seeds=seeds, epochs=epochs), "mAP")


def _stanford_maps(claim: str, data: Path, weights: Path, work: Path) -> "Reduced":
    from trainer.extras import require_extras

    require_extras(f"edgeact train claim {claim}", ["train"])

    from trainer.claims.stanford_maps import read_reduced
    from trainer.stages import use_one_thread

    use_one_thread()
    return read_reduced(data, weights, work, progress=show_progress)


def _print_outcomes(outcomes: "Iterable[Outcome]", measure: str) -> None:
    for outcome in outcomes:
        typer.echo(outcome.line(measure))
