"""The status page: cameras, outputs and the last events, in one page of HTML that needs nothing else.

It renews itself every few seconds, by a script of its own or, without scripts, by itself, and says when it has lost
the daemon. It fits a telephone. Every text in it is escaped.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from edgeact import __version__
from edgeact.daemon.event_record import EventRecord, utc_text
from edgeact.daemon.standing import CameraStanding, OutputStanding, Standing
from edgeact.errors import EdgeactError

SHOWN_EVENTS = 20

_STYLE = """
body { font: 16px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 60rem; padding: 0 1rem; color: #222; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin-top: 1.5rem; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ddd; }
.running { color: #176b2c; } .failed, .lost { color: #a11; } .stalled, .reconnecting, .starting { color: #8a5a00; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; flex: 1 1 14rem; max-width: 24rem; }
figure img { width: 100%; background: #8883; aspect-ratio: 16 / 9; object-fit: contain; }
figcaption { font-size: .9rem; }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #ddd; } th, td { border-color: #444; }
.running { color: #6c6; } .failed, .lost { color: #f77; } .stalled, .reconnecting, .starting { color: #db6; } }
"""
_SCRIPT = """
let heard = Date.now();
async function renew() {
  try {
    const answer = await fetch(location.href, {cache: "no-store", signal: AbortSignal.timeout(4000)});
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(page.querySelector("main"));
    heard = Date.now();
    document.getElementById("lost").textContent = "";
  } catch (error) {
    const seconds = Math.round((Date.now() - heard) / 1000);
    document.getElementById("lost").textContent = `Out of touch for ${seconds} s; what is shown is old.`;
  }
}
setInterval(renew, 5000);
"""


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


# What a browser lets the page do: its own style and script, and asking this server.
CONTENT_POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; connect-src 'self'; "
    "img-src 'self'; media-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def status_page(standing: Standing) -> str:
    """The page as it is now, HTML.

    Args:
        standing: What is shown.
    """
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>edgeact</title><noscript><meta http-equiv="refresh" content="5"></noscript><style>{_STYLE}</style></head>
<body><h1>edgeact</h1><p id="lost" class="lost" role="status"></p>
<main><p>{escape(_in_one_line(standing))}</p>
<h2>Cameras</h2>{_pictures(standing)}{_cameras(standing.cameras)}
<h2>Outputs</h2>{_outputs(standing.outputs())}
<h2>Last events</h2>{_events(standing)}</main>
<script>{_SCRIPT}</script></body></html>
"""


def _in_one_line(standing: Standing) -> str:
    free = standing.free_bytes()
    parts = [f"Version {__version__}", f"bundle {standing.bundle}" if standing.bundle else "graphs are being opened"]
    if free is not None:
        parts.append(f"{free / 2**30:.1f} GB free")
    if not standing.is_alive:
        parts.append("the main loop hangs")
    return ", ".join(parts) + "."


def _pictures(standing: Standing) -> str:
    """The newest picture of each camera, which leads to its pictures as they come."""
    figures = []
    for one in standing.cameras:
        view, name = standing.views.find(one.name), escape(one.name)
        if view is None or not view.has_picture:
            figures.append(f"<figure><figcaption>{name}: no picture yet</figcaption></figure>")
            continue
        # The number makes a browser ask for the newer picture.
        image = f'<img src="/cameras/{name}/picture.jpg?{view.number}" alt="The newest picture of {name}">'
        figures.append(
            f'<figure><a href="/cameras/{name}/live.mjpeg">{image}</a><figcaption>{name}</figcaption></figure>'
        )
    return f'<div class="pictures">{"".join(figures)}</div>'


def _cameras(cameras: Sequence[CameraStanding]) -> str:
    rows = []
    for one in cameras:
        words = [*([one.why] if one.why else []), *([] if one.detects else ["detection is off"])]
        why = f" ({escape(', '.join(words))})" if words else ""
        state = f'<span class="{escape(one.state.value)}">{escape(one.state.value)}</span>{why}'
        delay = f"{one.age:.2f} s" if one.frames else ""
        sees = ", ".join([f"{one.persons} person{'' if one.persons == 1 else 's'}", *one.labels]) if one.frames else ""
        texts = (f"{one.rate:.1f}", delay, sees, ", ".join(one.given_up))
        rows.append((escape(one.name), state, *(escape(text) for text in texts)))
    return _table(("camera", "state", "frames a second", "delay", "sees", "given up"), rows, "There is no camera.")


def _outputs(outputs: Sequence[OutputStanding]) -> str:
    rows = []
    for one in outputs:
        waiting = "?" if one.waiting is None else str(one.waiting)
        rows.append((escape(one.name), str(one.sent), waiting, escape(one.error or "")))
    return _table(("output", "sent", "waiting", "fault"), rows, "There is no output.")


def _events(standing: Standing) -> str:
    try:
        events = standing.newest_events(SHOWN_EVENTS)
    except EdgeactError as error:
        return f'<p class="lost">{escape(str(error))}</p>'
    rows = [(*(escape(text) for text in _texts(event)), _links(standing, event)) for event in events]
    return _table(("began (UTC)", "camera", "what", "where", "rule", "ended (UTC)", ""), rows, "There was none.")


def _links(standing: Standing, event: EventRecord) -> str:
    """Links to what there is of an event; its files may have been removed."""
    files = {"snapshot": ("picture", event.snapshot), "clip": ("clip", event.clip)}
    return " ".join(
        f'<a href="/events/{escape(event.id)}/{kind}">{word}</a>'
        for kind, (word, name) in files.items()
        if standing.media.of_event(name) is not None
    )


def _texts(event: EventRecord) -> tuple[str, ...]:
    end = "" if event.end is None else utc_text(event.end)
    what = f"{event.kind} {event.label}"
    return utc_text(event.start), event.source, what, event.zone or "", event.rule or "", end


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> str:
    """A table of cells that are HTML."""
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    if not lines:
        return f"<p>{empty}</p>"
    return "<table><tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr>" + "".join(lines) + "</table>"
