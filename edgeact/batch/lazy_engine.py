"""The graphs of a batch: opened once, with the first input that needs them, for all inputs."""

from edgeact.bundle.load import Bundle
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.perception.stages import Stages
from edgeact.stopping import left_behind


class LazyEngine:
    """An engine that is opened when its stages are first asked for.

    Args:
        bundle: What it consists of.
        config: Device and threads of the graphs.
    """

    def __init__(self, bundle: Bundle, config: PipelineConfig) -> None:
        self._bundle, self._config = bundle, config
        self._engine: Engine | None = None
        self._stages: Stages | None = None

    def open_stages(self) -> Stages:
        """The stages over the engine, always the same ones.

        Raises:
            BackendError: The device cannot be used.
            BundleError: A graph cannot be used.
        """
        if self._stages is None:
            self._engine = Engine(self._bundle, device=self._config.device, threads=self._config.threads)
            self._stages = Stages(self._engine)
        return self._stages

    def close(self) -> None:
        """Close the graphs, unless a thread that was left behind may still run one."""
        if self._engine is not None and not left_behind():
            self._engine.close()
