"""Options and helpers that the commands of ``edgeact train claim`` share.

`edgeact --help` imports this file to list the commands: what takes seconds to import (torch) is imported when it is
used.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainer.claims.outcome import Outcome

SeedsOption = Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="trainings of each variant")]
EpochsOption = Annotated[int, typer.Option("--epochs", min=1, metavar="N", help="of each training")]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="NAME", help="a variant to train; may be given several times")
]
WorkOption = Annotated[
    Path,
    typer.Option(
        "--work", metavar="DIR", help="where maps and checkpoints are kept; a stopped training goes on from there"
    ),
]

CLAIMS_WORK = Path("edgeact-work/claims")


def start(claim: str) -> None:
    """Refuse a claim whose extras are missing, and let it use one thread."""
    from trainer.extras import require_extras

    require_extras(f"edgeact train claim {claim}", ["train"])

    from trainer.stages import use_one_thread

    use_one_thread()


def print_outcomes(outcomes: "Iterable[Outcome]", measure: str) -> None:
    """Print a line for each variant."""
    for outcome in outcomes:
        typer.echo(outcome.line(measure))


def refuse_unknown(only: "Iterable[str] | None", variants: "Iterable[str]") -> None:
    """Raise ConfigError where a claim has no variant of a name."""
    from edgeact.errors import ConfigError

    if unknown := [name for name in only or () if name not in variants]:
        raise ConfigError(f"no variant is called {unknown[0]!r}; name one of: {'; '.join(variants)}")
