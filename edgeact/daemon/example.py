"""The commented example that ``edgeact run --init`` prints; it runs as it is, on the clip that ships with edgeact."""

import json
from pathlib import Path

_DEMO_CLIP = Path(__file__).parents[1] / "assets" / "demo.mp4"

_EXAMPLE = """\
# Configuration of `edgeact run`. Paths are relative to this file's folder. In any text ${NAME} is a variable of the
# environment, and ${file:/run/secrets/gate} the content of a file: no password need stand here.
#     edgeact run --check config.toml     looks at cameras, bundle and disk
#     edgeact run config.toml             runs until Ctrl-C

schema = 1                     # of this file
state = "edgeact-state"        # the folder for events and data; of a service: /var/lib/edgeact
bundle = "compact"             # or "accurate", or the folder of another bundle

[cameras.demo]                 # a name of your own: a letter, then a-z, 0-9, - and _
url = @DEMO_CLIP@   # try your camera instead:
# url = "rtsp://${GATE_USER}:${GATE_PASSWORD}@192.0.2.7/stream1"
# url = "/dev/video0"
kind = "live"                  # a recording at its own pace; cameras and streams need no kind
# fps = 10                     # take at most so many frames a second
# timeout = 4                  # connect anew after so many seconds without a frame
# turn = 90                    # degrees to the right
# transport = "udp"            # of RTSP; tcp loses nothing
# tls_ca = "camera-ca.pem"     # certificates to trust instead of the system's
# size = [1280, 720]           # to ask a /dev/video camera for
# rate = 15
# enabled = false

[events]                       # kept in edgeact-state/events.db
keep_days = 90
actions = true                 # every action that is seen is an event

[jsonl]                        # lines of JSON
events = true                  # edgeact-state/events.jsonl
frames = false                 # edgeact-state/NAME.frames.jsonl: every joint of every frame, some 100 MB an hour
rotate_megabytes = 64
keep_files = 8

# [pipeline]                   # see the README, "Settings"
# max_persons = 20
"""


def example_config() -> str:
    """The text of the example, with its line end."""
    return _EXAMPLE.replace("@DEMO_CLIP@", json.dumps(str(_DEMO_CLIP), ensure_ascii=False))
