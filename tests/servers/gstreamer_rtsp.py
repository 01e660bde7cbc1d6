"""An RTSP server by GStreamer, run by the system's Python, which has GStreamer's bindings.

Reads its settings as a line of JSON from the standard input, writes its port as a line, and serves until it is killed.
It loops encoded pictures of a file (each with its length before it, four bytes, big-endian), so that it need not
encode.
"""

import json
import sys
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

CAPS = {"h264": "video/x-h264,stream-format=byte-stream,alignment=au", "mjpeg": "image/jpeg"}
PAYLOADERS = {"h264": "h264parse ! rtph264pay config-interval=1", "mjpeg": "jpegparse ! rtpjpegpay"}


def read_pictures(path: str) -> list:
    with open(path, "rb") as file:  # noqa: PTH123 - the system's Python may be an old one
        content = file.read()
    pictures, position = [], 0
    while position < len(content):
        size = int.from_bytes(content[position : position + 4], "big")
        pictures.append(content[position + 4 : position + 4 + size])
        position += 4 + size
    return pictures


class LoopFactory(GstRtspServer.RTSPMediaFactory):
    """Gives all clients the same loop."""

    def __init__(self, pictures: list, codec: str, rate: int) -> None:
        super().__init__()
        self.pictures, self.codec, self.rate = pictures, codec, rate
        self.set_shared(True)

    def do_create_element(self, url: Any) -> Any:
        caps = f"{CAPS[self.codec]},framerate={self.rate}/1"
        return Gst.parse_launch(
            f"( appsrc name=source is-live=true format=time do-timestamp=true caps={caps} ! {PAYLOADERS[self.codec]} "
            "name=pay0 pt=96 )"
        )

    def do_configure(self, media: Any) -> None:
        source, sent = media.get_element().get_by_name("source"), [0]

        def push() -> bool:
            picture = self.pictures[sent[0] % len(self.pictures)]
            sent[0] += 1
            return source.emit("push-buffer", Gst.Buffer.new_wrapped(picture)) == Gst.FlowReturn.OK

        GLib.timeout_add(1000 // self.rate, push)


def protect(server: Any, factory: Any, settings: dict) -> None:
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    user, password = settings["user"], settings["password"]
    if settings["auth"] == "digest":
        auth.set_supported_methods(2)  # GST_RTSP_AUTH_DIGEST
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    role = Gst.Structure.new_empty("viewer")
    role.set_value("media.factory.access", True)
    role.set_value("media.factory.construct", True)
    factory.add_role_from_structure(role)


def main() -> None:
    settings = json.loads(sys.stdin.readline())
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(settings["port"]))
    factory = LoopFactory(read_pictures(settings["path"]), settings["codec"], settings["rate"])
    if settings["auth"]:
        protect(server, factory, settings)
    server.get_mount_points().add_factory("/stream", factory)
    if server.attach(None) == 0:
        sys.exit("the port is taken")
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


main()
