"""The recipe that a training was begun by, kept beside its checkpoint: a changed one is told, and trains nothing."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgeact.atomic import write_text
from edgeact.errors import ConfigError
from trainer.checkpoint import find_checkpoint
from trainer.paper_recipe import PaperRecipe
from trainer.parallel import join_processes

RECIPE_FILE = "recipe.json"


def require_same_recipe(recipe: PaperRecipe, checkpoint: Path) -> None:
    """Keep the recipe of a training that begins; of one that goes on, or is over, refuse another recipe.

    What ``[compress]`` says comes after the training, and may change.

    Args:
        recipe: Of the training.
        checkpoint: Of the training, there or not; the recipe is kept beside it.

    Raises:
        ConfigError: The training was begun by another recipe of the same name; every difference is listed.
        OutputError: The recipe cannot be written.
    """
    folder = checkpoint.parent
    path, now = folder / RECIPE_FILE, _decided(recipe)
    if find_checkpoint(checkpoint) is None:
        if join_processes().is_first:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps(now, indent=1) + "\n")
        return
    if not path.is_file():  # trained before recipes were kept
        return
    remedy = f"give the recipe another name to train anew, or remove {folder} with what was trained"
    try:
        before = _decided(PaperRecipe.model_validate_json(path.read_text(encoding="utf-8")))
    except (ValidationError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no recipe of this version; {remedy}") from error
    faults = _differences(before, now, ())
    if faults:
        raise ConfigError(f"{folder} was trained by another recipe: {'; '.join(faults)}; {remedy}")


def _decided(recipe: PaperRecipe) -> dict[str, Any]:
    return recipe.model_dump(mode="json", exclude={"compress"})


def _differences(before: Any, now: Any, names: tuple[str, ...]) -> list[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        keys = dict.fromkeys((*before, *now))
        return [fault for key in keys for fault in _differences(before.get(key), now.get(key), (*names, key))]
    return [] if before == now else [f"{'.'.join(names)} was {_shown(before)} and is {_shown(now)}"]


def _shown(value: Any) -> str:
    return "left out" if value is None else json.dumps(value)
