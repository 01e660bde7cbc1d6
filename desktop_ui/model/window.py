"""All that the window shows, in one place: sources, focus, selection, layers and figures."""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_ui.model.layers import Layers
from desktop_ui.model.listeners import Listeners
from desktop_ui.model.rates import percentile
from desktop_ui.model.sources import SourceItem, SourceSpec
from desktop_ui.model.standing import Standing

MOST_SOURCES = 9


@dataclass(frozen=True, slots=True)
class Selection:
    """A person whom the operator has chosen: of which source, and the number of the track."""

    source: int
    track_id: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all sources together: frames a second that came, were perceived and shown; ages in seconds; drops by cause."""

    came: float
    processed: float
    shown: float
    age: float
    age_p95: float
    dropped: Mapping[str, int]


class WindowModel:
    """What the window shows; used on the window's thread. Views read it, and listen to what they show.

    Attributes:
        sources_changed: A source has come, gone, or been renamed.
        standings_changed: How sources stand; a few times a second.
        focus_changed: Which source fills the picture area.
        selection_changed: Which person is chosen.
        layers_changed: What is drawn.
        shown_rate: Frames a second that tiles have painted; kept by whoever paints.
    """

    def __init__(self, layers: Layers | None = None) -> None:
        self.sources_changed, self.standings_changed = Listeners(), Listeners()
        self.focus_changed, self.selection_changed, self.layers_changed = Listeners(), Listeners(), Listeners()
        self.shown_rate = 0.0
        self._layers = layers or Layers()
        self._sources: list[SourceItem] = []
        self._focus: int | None = None
        self._selection: Selection | None = None
        self._next_key = 1

    @property
    def sources(self) -> tuple[SourceItem, ...]:
        """In the order of the grid."""
        return tuple(self._sources)

    def source(self, key: int | None) -> SourceItem | None:
        """The source with this key; None where it is gone."""
        return next((item for item in self._sources if item.key == key), None)

    def add(self, spec: SourceSpec) -> SourceItem | None:
        """Take one more source; None where the grid is full."""
        if len(self._sources) >= MOST_SOURCES:
            return None
        item = SourceItem(self._next_key, spec)
        self._next_key += 1
        self._sources.append(item)
        self.sources_changed.notify()
        return item

    def remove(self, key: int) -> None:
        """Forget a source; with it its focus and its selection."""
        self._sources = [item for item in self._sources if item.key != key]
        if self._focus == key:
            self.focus_on(None)
        if self._selection is not None and self._selection.source == key:
            self.select(None)
        self.sources_changed.notify()

    def change(self, key: int, spec: SourceSpec) -> None:
        """Replace what a source is, or how it is opened."""
        item = self.source(key)
        if item is not None:
            item.spec = spec
            self.sources_changed.notify()

    @property
    def focus(self) -> int | None:
        """The source that fills the picture area; None shows the grid."""
        return self._focus

    def focus_on(self, key: int | None) -> None:
        """Show one source alone, or with None the grid."""
        if key != self._focus and (key is None or self.source(key) is not None):
            self._focus = key
            self.focus_changed.notify()

    def focus_on_position(self, number: int) -> None:
        """Show the n-th source of the grid alone, from 1; 0 shows the grid."""
        if number == 0:
            self.focus_on(None)
        elif number <= len(self._sources):
            self.focus_on(self._sources[number - 1].key)

    @property
    def in_sight(self) -> tuple[SourceItem, ...]:
        """The sources that the picture area shows: the one in focus alone, or else all, in the order of the grid."""
        return tuple(item for item in self._sources if self._focus in (None, item.key))

    @property
    def looked_at(self) -> tuple[int, ...]:
        """Keys of the sources that a panel may show, the likeliest first.

        The one in focus alone, or else that of the chosen person before all in the order of the grid.
        """
        if self._focus is not None:
            return (self._focus,)
        chosen = () if self._selection is None else (self._selection.source,)
        return (*chosen, *(item.key for item in self._sources if item.key not in chosen))

    @property
    def selection(self) -> Selection | None:
        """The chosen person."""
        return self._selection

    def select(self, selection: Selection | None) -> None:
        """Choose a person, or nobody."""
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.notify()

    @property
    def layers(self) -> Layers:
        """What is drawn; may be read from any thread."""
        return self._layers

    @layers.setter
    def layers(self, layers: Layers) -> None:
        if layers != self._layers:
            self._layers = layers
            self.layers_changed.notify()

    def note_standings(self, standings: Mapping[int, Standing], now: float) -> None:
        """Take over how the sources stand, by key; ``now`` is of `time.monotonic`."""
        for item in self._sources:
            if item.key in standings:
                item.note(standings[item.key], now)
        self.standings_changed.notify()

    def figures(self) -> Figures:
        """Of all sources together; the age is that of the live source that lags most."""
        live = [item for item in self._sources if item.standing.is_live]
        ages = [age for item in live for age in item.ages]
        dropped: dict[str, int] = {}
        for item in self._sources:
            for cause, count in item.standing.dropped.items():
                dropped[cause] = dropped.get(cause, 0) + count
        return Figures(
            came=sum(item.came.value for item in self._sources),
            processed=sum(item.processed.value for item in self._sources),
            shown=self.shown_rate,
            age=max((item.standing.age for item in live), default=0.0),
            age_p95=percentile(ages, 0.95),
            dropped=dropped,
        )
