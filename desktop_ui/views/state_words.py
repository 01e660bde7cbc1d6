"""What a tile says of a source that does not simply run: a headline, a sentence, and the words of its button."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from desktop_ui.model.standing import Help, Phase, Standing
from desktop_ui.translation import tr

Tone: TypeAlias = Literal["calm", "warning", "alert"]


@dataclass(frozen=True, slots=True)
class StateWords:
    """The words of a state.

    Attributes:
        headline: In one or two words.
        sentence: What is going on and what to do; may be empty.
        button: What the button does; None shows none.
        tone: How urgent it is.
    """

    headline: str
    sentence: str = ""
    button: str | None = None
    tone: Tone = "calm"


def state_words(standing: Standing) -> StateWords | None:
    """What the tile says; None for a source that runs or is paused."""
    phase = standing.phase
    if phase is Phase.OPENING:
        return StateWords(tr("Opening"), tr("Waiting for the first picture"))
    if phase is Phase.WARMING_UP:
        return StateWords(tr("Warming up"), _warm_up(standing))
    if phase is Phase.STALLED:
        silence = tr("Last picture {seconds} s ago").format(seconds=round(standing.seconds))
        return StateWords(tr("Stalled"), silence, tone="warning")
    if phase is Phase.RECONNECTING:
        when = tr("trying now")
        if standing.seconds > 0:
            when = tr("next attempt in {seconds} s").format(seconds=max(1, round(standing.seconds)))
        lines = [_sentence(part) for part in (standing.reason, when) if part]
        return StateWords(tr("Reconnecting"), "\n".join(lines), tone="warning")
    if phase in (Phase.FAILED, Phase.REFUSED):
        buttons = {Help.EDIT: tr("Edit source…"), Help.BUNDLE: tr("Choose bundle…")}
        headline = tr("Failed") if phase is Phase.FAILED else tr("Bundle refused")
        lines = "\n".join(_sentence(part) for part in (standing.reason, standing.remedy) if part)
        button = tr("Try again") if standing.help is None else buttons.get(standing.help, tr("Try again"))
        return StateWords(headline, lines, button, tone="alert")
    if phase is Phase.ENDED:
        return StateWords(tr("Ended"), "", tr("Play again") if not standing.is_live else tr("Try again"))
    return None


def short_state(standing: Standing) -> str:
    """A few characters for the list of sources."""
    phase = standing.phase
    if phase is Phase.RECONNECTING:
        if standing.seconds <= 0:
            return tr("trying")
        return tr("in {seconds} s").format(seconds=max(1, round(standing.seconds)))
    if phase is Phase.STALLED:
        return tr("{seconds} s ago").format(seconds=round(standing.seconds))
    words = {
        Phase.OPENING: tr("opening"),
        Phase.WARMING_UP: tr("warming up"),
        Phase.FAILED: tr("failed"),
        Phase.REFUSED: tr("no bundle"),
        Phase.ENDED: tr("ended"),
        Phase.PAUSED: tr("paused"),
    }
    return words.get(phase, "")


def _warm_up(standing: Standing) -> str:
    if standing.expected is not None and standing.expected > 2:
        left = max(1, round(standing.expected - standing.seconds))
        return tr("Building the networks, about {seconds} s").format(seconds=left)
    if standing.seconds > 5:
        return tr("Building the networks for {seconds} s").format(seconds=round(standing.seconds))
    return tr("Building the networks")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
