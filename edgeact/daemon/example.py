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
timezone = "UTC"               # of schedules, such as "Europe/Berlin"
bundle = "compact"             # or "accurate", or the folder of another bundle

[cameras.demo]                 # a name of your own: a letter, then a-z, 0-9, - and _
url = @DEMO_CLIP@   # try your camera instead:
# url = "rtsp://${GATE_USER}:${GATE_PASSWORD}@192.0.2.7/stream1"
# url = "/dev/video0"
kind = "live"                  # a recording at its own pace; cameras and streams need no kind
# fps = 10                     # take at most so many frames a second
# priority = 2                 # 0 to 9 (1): where there is not time for all cameras, the higher one keeps more
# timeout = 4                  # connect anew after so many seconds without a frame
# turn = 90                    # degrees to the right
# transport = "udp"            # of RTSP; tcp loses nothing
# tls_ca = "camera-ca.pem"     # certificates to trust instead of the system's
# size = [1280, 720]           # to ask a /dev/video camera for
# rate = 15
# privacy = "heads"            # hide heads, "persons", or all but the joints ("skeleton") in all that is stored or sent
# record = "off"               # or "events", "continuous": other than [record] says
# enabled = false

[cameras.demo.zones]           # corners in parts of the picture: [0, 0] is the top left, [1, 1] the bottom right
middle = [[0.3, 0.0], [0.7, 0.0], [0.7, 1.0], [0.3, 1.0]]

[cameras.demo.lines]           # forward is from the left to the right of who walks from the first end to the second
gate = [[0.5, 1.0], [0.5, 0.0]]

# A rule asks for one thing: posture ("standing", "sitting", "lying"), action (a label of the bundle, or "any"), enter,
# leave or dwell (a zone), cross (a line), persons_at_least or persons_at_most.
[rules.jumps]
when = { action = "jump" }

[rules.passes]
when = { cross = "gate" }      # direction = "forward" or "backward"

[rules.down]
when = { posture = "lying", for_seconds = 10 }
cameras = ["demo"]             # without it: all
cooldown_seconds = 60          # from one event of the rule to the next
gap_seconds = 2                # for so long it may be out of sight without being over

[rules.crowd]
when = { persons_at_least = 3, zone = "middle", for_seconds = 20 }
schedule = ["Mon-Fri 08:00-18:00", "Sat 22:00-06:00"]
# then = ["jsonl"]             # the outputs that send its events; without it: all

[budget]                       # what is given up first where there is not time for everything, and comes back last
shed = ["attention", "clip", "detector", "frames"]

[events]                       # kept in edgeact-state/events.db
keep_days = 90
actions = true                 # every action that is seen is an event

[jsonl]                        # lines of JSON
events = true                  # edgeact-state/events.jsonl
frames = false                 # edgeact-state/NAME.frames.jsonl: every joint of every frame, some 100 MB an hour
rotate_megabytes = 64
keep_files = 8

# [record]                     # clips of events: edgeact-state/clips/ID.mp4; then = ["clip"]
# mode = "events"              # or "continuous": everything, too, in edgeact-state/recordings; "off"
# before_seconds = 5
# after_seconds = 10
# keep_days = 14               # recordings and snapshots
# free_gb = 1                  # the oldest give way while less is free

# [snapshots]                  # pictures of events: edgeact-state/snapshots/ID.jpg; then = ["snapshot"]
# overlay = true               # with what is seen drawn into them
# plain = true                 # ID.plain.jpg: without
# quality = 85

# [webhook.guard]              # POST of JSON to a server, again and again until it takes it; then = ["webhook.guard"]
# url = "https://192.0.2.8/hook"
# token = "${file:guard.token}"
# timeout = 10

# [mqtt]                       # events, states and switches at a broker; Home Assistant: pip install "edgeact[daemon]"
# host = "127.0.0.1"           # of another machine: with user and password, or control = false
# user = "edgeact"
# password = "${file:mqtt.password}"
# tls = true                   # or tls_ca = "broker-ca.pem", certificates to trust instead of the system's
# topic = "edgeact"            # what all topics begin with
# discovery = true             # tell Home Assistant of cameras and rules
# control = true               # listen to edgeact/CAMERA/set/detection, recording and privacy

# [http]                       # status page, /metrics, /healthz, /readyz: pip install "edgeact[daemon]"
# listen = "127.0.0.1:8750"    # any address that others can reach needs a token:
# token = "${file:http.token}"

# [restream.demo]              # publish the drawn picture to an RTSP server, such as MediaMTX
# camera = "demo"
# url = "rtsp://127.0.0.1:8554/demo"
# fps = 10

# [pipeline]                   # see docs/files.md, "Settings"
# max_persons = 20
"""


def example_config() -> str:
    """The text of the example, with its line end."""
    return _EXAMPLE.replace("@DEMO_CLIP@", json.dumps(str(_DEMO_CLIP), ensure_ascii=False))
