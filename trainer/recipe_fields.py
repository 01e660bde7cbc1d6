"""What the recipes of several networks have: records that refuse unknown keys, and the kinds of numbers in them."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Steps = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0.0, le=0.1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Batch = Annotated[int, Field(ge=2, le=1024)]
Share = Annotated[float, Field(gt=0, le=1)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Channels = Annotated[int, Field(ge=4, le=2048)]
# A training's own numbers of random draws are below SEED_STEP; another seed is so much further, and 0 is as they stand.
Seed = Annotated[int, Field(ge=0, le=9999)]
SEED_STEP = 1000


class Record(BaseModel):
    """A table of a recipe: it does not change, unknown keys are refused, and so are numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def of_known_sets(known: tuple[str, ...]) -> AfterValidator:
    """Refuse unknown data sets, and sort a mix in the order of the known ones, so that the order in a file does not
    change what is drawn.
    """

    def check(mix: dict[str, float]) -> dict[str, float]:
        if other := sorted(set(mix) - set(known)):
            raise ValueError(f"{', '.join(other)} cannot be drawn here; known sets are {', '.join(known)}")
        return {name: mix[name] for name in known if name in mix}

    return AfterValidator(check)
