from collections.abc import Callable
from pathlib import Path

import av

from desktop_ui.model.standing import Phase
from tests.desktop_ui.open_window import OpenWindow
from tests.servers.http_streams import HttpStreams
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker


def test_a_live_source_is_recorded_while_the_button_is_down(
    open_window: Callable[..., OpenWindow], tmp_path: Path
) -> None:
    pictures = [tiny_picture(160, 160, one_walker(index / 25)) for index in range(20)]
    with HttpStreams(tmp_path, pictures) as streams:
        opened = open_window()
        recorder = opened.window.recorder
        recorder.toggle()
        assert recorder.recording.wish is None
        assert "Open a camera" in opened.window.banner.text
        opened.window.opener.open([streams.address("/mjpeg")])
        opened.wait_for(Phase.RUNNING)
        opened.window.settings.change(recordings=str(tmp_path / "recordings"))
        recorder.toggle()
        opened.wait(lambda: len(recorder.recording.files) == 1)
        counted = opened.model.sources[0].standing.processed
        opened.wait(lambda: opened.model.sources[0].standing.processed > counted + 5)
        opened.window.bridge.remove(1)
        recorder.toggle()
        (path,) = recorder.recording.files
        opened.wait(lambda: path.stat().st_size > 0 and opened.window.bridge.host.watched(1) is None)
        opened.window.close()
        opened.wait(lambda: opened.window.bridge.wait_closed(0.0))
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 5
