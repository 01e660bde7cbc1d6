"""Runs the session of the window: opens the engine, opens and begins sources, and says how all stand.

One thread of its own does what may take time (reading a bundle, building an engine, opening files); the window only
leaves wishes and reads what was last noted. Frames are run by the session's threads (see `edgeact.runtime.session`).
"""

import contextlib
import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from desktop_ui.bridge.concealing import SwitchableConcealer
from desktop_ui.bridge.hosted import Beginning, EngineStanding, HostedSource
from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.played_file import PlayedFile
from desktop_ui.bridge.recorded_perceiving import RecordedPerceiving, is_results, open_results
from desktop_ui.model.layers import Layers
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.standing import Standing, WarmUp, standing_of, standing_played, standing_refused
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.capture.connection import LiveSettings
from edgeact.capture.open import AnySource, open_source
from edgeact.config import ALL_MAPS, PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.errors import OWN_FAULT, EdgeactError, PipelineError
from edgeact.free_memory import give_back
from edgeact.memory import MEGABYTE
from edgeact.perception.stages import Stages
from edgeact.privacy.areas import PrivacyMode
from edgeact.runtime.budget import Budget
from edgeact.runtime.job import SourceJob
from edgeact.runtime.outlet import Outlet
from edgeact.runtime.session import Session
from edgeact.stopping import STOP_SECONDS, left_behind, named_thread, start_thread
from edgeact.types import Event, Observation
from edgeact.watching.watched import Watched

logger = logging.getLogger(__name__)

_TICK_SECONDS = 0.1
_FILE_PRIORITY = 0.5
_GIVE_BACK_SECONDS = 60.0


class SessionHost:
    """The window's session. All methods may be called from the window's thread and return at once.

    Args:
        layers: What is drawn; asked from other threads.
        announce: Told by its key that a source has a new frame; from an outlet's thread.
        config: How frames are perceived.
        note_event: Told of every phase of an event by the source's key; from an outlet's thread.

    Attributes:
        wants_reasons: Somebody looks at attention maps beside the layer; without both they are not computed.
        further_outlets: Gives further outlets of a source that begins; asked on the host's thread.
        when_ended: Called on the host's thread when all sources have ended.
    """

    def __init__(
        self,
        layers: Callable[[], Layers],
        announce: Callable[[int], None],
        *,
        config: PipelineConfig | None = None,
        note_event: Callable[[int, Event], None] | None = None,
    ) -> None:
        self._layers, self._announce, self._note_event = layers, announce, note_event
        # All maps: which of them is shown is chosen while frames run. Only those of a chosen layer cost time (`Pace`).
        self._config = (config or PipelineConfig()).model_copy(update={"attention": ALL_MAPS})
        self.wants_reasons = True
        self.further_outlets: Callable[[Beginning], Sequence[Outlet]] = lambda _: ()
        self.when_ended: list[Callable[[], object]] = []
        self._wishes: deque[Callable[[], None]] = deque()
        self._awake = threading.Event()
        self._is_closing = False
        self._sources: dict[int, HostedSource] = {}
        self._engine: Engine | None = None
        self._session: Session[Any] | None = None
        self._standing = EngineStanding()
        self._standings: dict[int, Standing] = {}
        self._given_back = time.monotonic()
        self._thread = named_thread("window's session", self._run)

    @property
    def engine(self) -> EngineStanding:
        """How the bundle stands."""
        return self._standing

    def standings(self) -> dict[int, Standing]:
        """How every source stood a moment ago, by key."""
        return self._standings

    def sink(self, key: int) -> NewestFrame | None:
        """Where the frames of a source go."""
        hosted = self._sources.get(key)
        return None if hosted is None else hosted.sink

    def played(self, key: int) -> PlayedFile | None:
        """The player of a file; None of other sources, and before it is perceived."""
        hosted = self._sources.get(key)
        return None if hosted is None else hosted.played

    def watched(self, key: int) -> Watched | None:
        """The source as the runtime's faces know it; for details."""
        hosted = self._sources.get(key)
        return None if hosted is None else hosted.watched

    def busy_seconds(self) -> dict[str, float]:
        """How long each perceiving thread has worked so far, by its name; nothing before the bundle is open."""
        session = self._session
        return {} if session is None else session.busy_seconds()

    def start(self, bundle: Path | None, *, expected_seconds: float | None = None) -> None:
        """Begin to open a bundle.

        Args:
            bundle: Folder or name; None takes the default.
            expected_seconds: How long that took the last time.

        Raises:
            PipelineError: The system gives no more threads.
        """
        self._standing = EngineStanding(warm_up=WarmUp(time.monotonic(), expected_seconds))
        self._wish(lambda: self._open_engine(bundle, expected_seconds))
        start_thread(self._thread)

    def change_bundle(self, bundle: Path | None, *, expected_seconds: float | None = None) -> None:
        """Use another bundle: all sources are stopped and begun anew with it.

        A bundle that cannot be used leaves the old one running; `engine` says why.
        """
        self._wish(lambda: self._open_engine(bundle, expected_seconds))

    def add(self, key: int, spec: SourceSpec) -> NewestFrame:
        """Open a source and begin it as soon as the graphs are there."""
        hosted = HostedSource(spec, self._new_sink(key), Watched(spec.shown))
        self._sources = {**self._sources, key: hosted}
        self._standings = {**self._standings, key: standing_of(hosted.watched, None)}
        self._wish(lambda: self._open(key))
        return hosted.sink

    def remove(self, key: int) -> None:
        """End a source and forget it; the others go on."""
        hosted = self._sources.get(key)
        self._sources = {known: one for known, one in self._sources.items() if known != key}
        if hosted is not None:
            self._wish(lambda: self._end(hosted))

    def renew(self, key: int, spec: SourceSpec | None = None) -> None:
        """Open a source anew, or what ``spec`` says instead; its tile keeps its place."""
        hosted = self._sources.get(key)
        if hosted is None:
            return
        spec = spec or hosted.spec
        self._wish(lambda: self._end(hosted))
        self._sources = {**self._sources, key: HostedSource(spec, hosted.sink, Watched(spec.shown), hosted.pace)}
        self._wish(lambda: self._open(key))

    def redraw(self) -> None:
        """Make the newest frames ready again: a tile or the layers have changed."""
        self._wish(self._redraw)

    def close(self) -> None:
        """Ask all to end; returns at once. `wait_closed` waits."""
        self._is_closing = True
        self._awake.set()

    def wait_closed(self, seconds: float = STOP_SECONDS + 1.0) -> bool:
        """Wait for the end after `close`; whether it has come."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _wish(self, wish: Callable[[], None]) -> None:
        self._wishes.append(wish)
        self._awake.set()

    def _new_sink(self, key: int) -> NewestFrame:
        def note(event: Event) -> None:
            if self._note_event is not None:
                self._note_event(key, event)

        return NewestFrame(self._layers, lambda: self._announce(key), note, key=key)

    # From here on: the host's thread.

    def _run(self) -> None:
        while not self._is_closing:
            self._awake.wait(_TICK_SECONDS)
            self._awake.clear()
            while self._wishes and not self._is_closing:
                wish = self._wishes.popleft()
                try:
                    wish()
                except Exception:  # noqa: BLE001 - the top of a thread: one wish that fails leaves the others
                    logger.error("a wish of the window failed: %s", traceback.format_exc())
            self._look_on()
        self._close_all()

    def _look_on(self) -> None:
        explains = self._layers().attention or self.wants_reasons
        for hosted in self._sources.values():
            hosted.pace.explains = explains
            self._settle(hosted)
        warm_up = self._standing.warm_up
        self._standings = {key: self._standing_of(hosted, warm_up) for key, hosted in self._sources.items()}
        if time.monotonic() - self._given_back >= _GIVE_BACK_SECONDS:
            self._given_back = time.monotonic()
            give_back()

    def _standing_of(self, hosted: HostedSource, warm_up: WarmUp | None) -> Standing:
        engine = self._standing
        if engine.fault is not None and not engine.is_open:
            return standing_refused(engine.fault)
        standing = standing_of(hosted.watched, warm_up, last_frame=hosted.sink.last_captured)
        return standing if hosted.played is None else standing_played(standing, hosted.played.state)

    def _open_engine(self, folder: Path | None, expected: float | None) -> None:
        began = time.monotonic()
        before = self._standing
        self._standing = EngineStanding(before.bundle, before.is_open, warm_up=WarmUp(began, expected))
        engine: Engine | None = None
        try:
            bundle = load_bundle(folder)
            engine = Engine(bundle, device=self._config.device, threads=self._config.threads)
            session = Session(Stages(engine), self._config)
            session.start()
        except EdgeactError as error:
            logger.error("%s", error)
            if engine is not None:
                engine.close()
            self._standing = EngineStanding(before.bundle, before.is_open, fault=error)
            return
        self._close_session()
        self._engine, self._session = engine, session
        took = time.monotonic() - began
        self._standing = EngineStanding(bundle, is_open=True, took=took, provider=engine.provider)
        for key in self._sources:
            self._open(key)

    def _open(self, key: int) -> None:
        hosted = self._sources.get(key)
        if hosted is None or hosted.watched.run is not None:
            return
        watched, bundle, session = hosted.watched, self._standing.bundle, self._session
        try:
            if is_results(hosted.spec.name):
                if bundle is not None:  # which knows the skeleton that is drawn
                    self._open_results(hosted, bundle)
                return
            if watched.source is None and watched.error is None:
                watched.source = self._opened(hosted.spec)
        except EdgeactError as error:
            watched.error = error
        if watched.source is not None and session is not None and bundle is not None:
            self._begin(hosted, session, bundle)

    def _opened(self, spec: SourceSpec, path: Path | None = None, *, every: int = 1) -> AnySource:
        """Open what a source is named, or another path of it."""
        return open_source(
            path or spec.name,
            kind="live" if spec.sort != "file" else None,
            every=every,
            turn=spec.turn,
            max_megapixels=self._config.max_megapixels,
            memory=self._config.memory_megabytes * MEGABYTE,
            live=LiveSettings(transport=spec.transport, size=spec.size, rate=spec.rate),
        )

    def _open_results(self, hosted: HostedSource, bundle: Bundle) -> None:
        results, path = open_results(hosted.spec.name, bundle)
        hosted.watched.source = self._opened(hosted.spec, path, every=results.header.every)
        hosted.own_session = Session(RecordedPerceiving(results), self._config)
        hosted.own_session.start()
        self._begin(hosted, hosted.own_session, bundle)

    def _begin(self, hosted: HostedSource, session: Session[Any], bundle: Bundle) -> None:
        source = hosted.watched.source
        assert source is not None
        conceal = hosted.sink.prepare(bundle.plan, most_persons=self._config.max_persons)
        # Cameras go before files where there is not time for all: what a camera shows now cannot be seen again.
        priority = 1.0 if source.info.live else _FILE_PRIORITY
        budget = Budget(self._config.queue_frames, self._config.memory_megabytes * MEGABYTE, priority=priority)
        outlet = Outlet("window", hosted.sink, policy="newest")
        if not source.info.live:
            hosted.played = PlayedFile(hosted.sink, bundle.plan, most_persons=self._config.max_persons)
            outlet = Outlet("player", hosted.played)
            conceal = SwitchableConcealer(
                lambda: self._layers().privacy, bundle.plan, most_persons=self._config.max_persons
            )
        further = self.further_outlets(self._beginning(hosted, bundle, conceal, is_live=source.info.live))
        hosted.kept = [one.sink for one in further]
        try:
            hosted.watched.run = session.add(
                SourceJob(
                    source,
                    [outlet, *further],
                    on_observation=hosted.watched.note,
                    budget=budget,
                    pace=hosted.pace,
                    conceal=conceal if source.info.live else None,  # a player conceals what it shows
                )
            )
        except EdgeactError as error:
            hosted.watched.error = error
            source.close()
            hosted.close_kept()

    def _beginning(
        self, hosted: HostedSource, bundle: Bundle, conceal: SwitchableConcealer, *, is_live: bool
    ) -> Beginning:
        """What further outlets need to know; of a live source frames are concealed before all outlets."""

        def hidden(observation: Observation) -> tuple[Observation, PrivacyMode | None]:
            concealed = observation if is_live else conceal(observation)
            return concealed, conceal.mode_of(observation.frame)

        assert hosted.watched.source is not None
        return Beginning(hosted.sink.key, hosted.spec, hosted.watched.source.info, bundle.plan, hidden)

    def _settle(self, hosted: HostedSource) -> None:
        """Note what became of a source that is over."""
        watched = hosted.watched
        if watched.run is None or watched.report is not None or watched.error is not None or not watched.run.is_over:
            return
        watched.run.finish()
        try:
            watched.report = watched.run.result()
        except EdgeactError as error:
            watched.error = error
        except AssertionError as error:  # the runtime's own check of its counts
            watched.error = PipelineError(f"{watched.name}: {error}; {OWN_FAULT}")
        (hosted.played or hosted.sink).close()
        hosted.close_kept()

    def _end(self, hosted: HostedSource) -> None:
        run = hosted.watched.run
        if run is not None:
            run.stop()
            while not run.advance_stop():
                time.sleep(_TICK_SECONDS / 2)
            run.finish()
            if self._session is not None:
                self._session.forget(run)
        hosted.watched.close()
        self._release(hosted)

    def _release(self, hosted: HostedSource) -> None:
        """End the player of a file, the session of results, and the further sinks."""
        hosted.close_kept()
        if hosted.own_session is not None:
            hosted.own_session.close()
        if hosted.played is not None:
            hosted.played.release()

    def _redraw(self) -> None:
        for hosted in self._sources.values():
            (hosted.played or hosted.sink).redraw()

    def _close_session(self) -> None:
        """End the session; sources whose frames were taken are opened anew with the next one."""
        session, self._session = self._session, None
        engine, self._engine = self._engine, None
        if session is not None:
            session.close()
        if engine is not None and not left_behind():  # what hangs may still run a graph
            engine.close()
        if session is None:
            return
        for hosted in self._sources.values():
            self._release(hosted)
        self._sources = {
            key: HostedSource(hosted.spec, hosted.sink, Watched(hosted.spec.shown), hosted.pace)
            for key, hosted in self._sources.items()
        }

    def _close_all(self) -> None:
        with contextlib.suppress(EdgeactError):
            self._close_session()
        for hosted in self._sources.values():
            hosted.watched.close()
            self._release(hosted)
        for call in self.when_ended:
            call()
