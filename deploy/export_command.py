"""``edgeact deploy export``: weights of a network of the papers → a bundle.

`edgeact --help` imports this file: what takes seconds to import (torch) is imported when it is used.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeact.errors import SourceFormatError, SourceNotFoundError, UsageError

if TYPE_CHECKING:
    from edgeact.bundle.manifest import Scope


def export(
    network: Annotated[
        str, typer.Argument(help="A to F, or a name: body_part_aware, loss_guided, …", show_default=False)
    ],
    weights: Annotated[
        Path, typer.Option(help="the network's state dict, as .safetensors; its shapes say how large it is")
    ],
    labels: Annotated[Path, typer.Option(help="text file, one action a line, in the order of training")],
    out: Annotated[Path, typer.Option(help="the bundle's folder; a bundle that is there is replaced")],
    exit_at: Annotated[
        str | None, typer.Option("--exit", metavar="P,L", help="E: pyramid and level where the network ends")
    ] = None,
    explain: Annotated[
        list[str] | None, typer.Option(metavar="METHOD", help="C, F: a method of attention; may be given several times")
    ] = None,
    multi_label: Annotated[bool, typer.Option("--multi-label", help="several actions may hold at once")] = False,
    other: Annotated[str | None, typer.Option(help="the label that stands for no action of the list")] = None,
    score: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="an action is in force from this probability on")
    ] = 0.5,
    side: Annotated[int | None, typer.Option(min=16, max=2048, help="of the pictures that the network takes")] = None,
    scope: Annotated[str | None, typer.Option(help="B, C, D: scene (the whole picture) or person (crops)")] = None,
    clip_length: Annotated[int | None, typer.Option(min=1, max=1024, help="C, E, F: frames of a clip")] = None,
    clip_stride: Annotated[float | None, typer.Option(min=0.001, max=10.0, help="seconds between them")] = None,
    crop_metres: Annotated[float, typer.Option(min=0.1, help="E: metres that a crop's side stands for")] = 2.0,
    persons_from: Annotated[
        Path | None, typer.Option(metavar="BUNDLE", help="whose detector follows persons, where the network has none")
    ] = None,
    name: Annotated[str | None, typer.Option(help="of the bundle; by default its folder's")] = None,
    bundle_version: Annotated[str, typer.Option(help="of the bundle")] = "1",
    licence: Annotated[str, typer.Option(help="of the weights")] = "not stated",
) -> None:
    """Make a bundle of a network's weights: every graph is compared with its network, manifest and card are written."""
    from trainer.extras import require_extras

    require_extras("edgeact deploy export", ["train", "export"])

    from deploy.export_bundle import BundleName, export_weights
    from deploy.systems.system import ExportOptions

    options = ExportOptions(
        labels=read_labels(labels),
        multi_label=multi_label,
        other_label=other,
        score=score,
        side=side,
        scope=_scope(scope),
        exit_at=_exit(exit_at),
        explain=tuple(explain or ()),
        clip_length=clip_length,
        clip_stride=clip_stride,
        crop_metres=crop_metres,
    )
    called = BundleName(name=name, version=bundle_version, licence=licence)
    export_weights(network, weights, out, options, called=called, persons_from=persons_from)
    typer.echo(f"{out}: every graph gives what its network gives; see {out / 'MODEL_CARD.md'}")


def read_labels(path: Path) -> tuple[str, ...]:
    """Labels of a text file, one a line; empty lines are passed over.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is no text in UTF-8, or has no labels.
    """
    if not path.is_file():
        raise SourceNotFoundError(f"{path} not found; give a text file with one label a line")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise SourceFormatError(f"{path} is no text in UTF-8; give one label a line") from error
    labels = tuple(line.strip() for line in lines if line.strip())
    if not labels:
        raise SourceFormatError(f"{path} has no labels; give one a line")
    return labels


def _scope(text: str | None) -> "Scope | None":
    if text is None or text == "scene" or text == "person":
        return text  # type: ignore[return-value]
    raise UsageError(f"--scope is {text!r}; give scene or person")


def _exit(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+),(\d+)", text.replace(" ", ""))
    if found is None:
        raise UsageError(f"--exit is {text!r}; give pyramid and level, such as 2,1")
    return int(found[1]), int(found[2])
