"""The sandbox behind a real port, and connectors to it, where time only passes when somebody waits.

The sandbox and the connectors share one clock: who sleeps moves it for both, so that a job of twelve seconds
is fetched in none.
"""

import io
import json
import random
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sandbox.support import Made, QuickStudio
from upstream import KEY, Clock

from connector.engine.connector import Connector
from connector.sandbox import InProcess, Sandbox, Settings, serving, studio
from connector.secret import Secret
from connector.spec.loader import default_folder, load
from connector.storage.blocking import Inline, Threads
from connector.storage.connections.model import Configuration, Connection

SAMPLES = Path(__file__).parents[1] / "actions" / "samples"
INTEGRATION = load(default_folder())
ENVIRONMENT = "far"
GLB = b"glTF\x02\0\0\0\x0c\0\0\0"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
# Very many requests come in a moment of this world; the vendor's limit has tests of its own.
PLENTY = 10_000_000
# More than an answer may have and stay in memory.
_LARGE = 2 * 1024 * 1024 + 1


class TinyStudio(QuickStudio):
    """Makes the smallest file of the kind that was asked for, real by its first bytes."""

    inspect = staticmethod(studio.inspect)

    def make(self, operation, fields, files, seed, *, filtered=False):
        super().make(operation, fields, files, seed, filtered=filtered)
        if operation.startswith("3d"):
            return Made(GLB, "model/gltf-binary")
        if operation.startswith("image_to_video"):
            return Made(MP4, "video/mp4")
        if operation.startswith("audio"):
            return _sound(fields.get("output_format", "mp3"))
        return Made(*picture(fields.get("output_format", "png"), fields.get("prompt", ""), seed))


def _sound(form):
    kinds = {"mp3": "audio/mpeg", "wav": "audio/wav"}
    return Made((SAMPLES / f"tone.{form}").read_bytes(), kinds[form])


def picture(form, prompt, seed):
    """The picture's bytes and type. A PNG says what it was made of, and is large where its prompt says so."""
    written, told = io.BytesIO(), PngInfo()
    told.add_itxt("made of", json.dumps([prompt, seed]))
    Image.new("RGB", (64, 64), (seed % 256, 0, 0)).save(
        written, form, **{"pnginfo": told} if form == "png" else {}
    )
    if form == "png" and "large" in prompt.split():
        written.write(random.Random(seed).randbytes(_LARGE))
    return written.getvalue(), f"image/{form}"


def made_of(content):
    """The prompt and the seed of a PNG that was made here; None where it is not whole."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            prompt, seed = json.loads(opened.text["made of"])
    except (OSError, SyntaxError, KeyError, ValueError):
        return None
    return (prompt, seed) if picture("png", prompt, seed)[0] == content else None


class QuickThreads(Threads):
    """Threads beside an event loop; sleeping moves the clock."""

    def __init__(self, clock):
        super().__init__()
        self._clock = clock

    async def sleep(self, seconds):
        self._clock.sleep(seconds)


class Port:
    """A sandbox, where it listens, and what its control path tells and takes."""

    def __init__(self, sandbox, url, clock):
        self.sandbox = sandbox
        self.url = url
        self.clock = clock
        self._settings = sandbox.settings
        # The control path may be asked beside the port, which is quicker and meets no fault.
        self.http = httpx.Client(transport=InProcess(sandbox), base_url=f"{url}/_sandbox")

    def connector(self, home, kind=Connector, *, key=KEY, cap=None, **options):
        """A connector whose only connection leads here, to the environment ``far``; homes may be shared."""
        waits = Inline(self.clock.sleep) if kind is Connector else QuickThreads(self.clock)
        options = {"environ": {}, "clock": self.clock, "io": waits} | options
        made = kind(INTEGRATION, home=home, **options)
        if not made.workspace.connections.list():
            connect(made, self.url, key=key, cap=cap)
        return made

    @property
    def requests(self):
        return self.http.get("/requests").json()

    @property
    def ledger(self):
        return self.http.get("/ledger").json()

    @property
    def spent(self):
        return sum(paid["credits"] for paid in self.ledger)

    def fault(self, kind, **told):
        assert self.http.post("/faults", json={"kind": kind} | told).status_code == 200

    def account(self, **told):
        assert self.http.post("/accounts", json={"key": KEY} | told).status_code == 200

    def set(self, **settings):
        """Other settings, until the next reset."""
        self.sandbox.settings = replace(self._settings, **settings)

    def reset(self):
        self.set()
        assert self.http.post("/reset").status_code == 200


def connect(connector, url, *, key=KEY, cap=None):
    """Stores the one connection of a connector's home, as an operator would."""
    main = Configuration("main", (ENVIRONMENT,), True, url, cap=cap, fields={"api_key": Secret(key)})
    connection = Connection("here", INTEGRATION.id, (main,))
    connector.workspace.connections.add(connection, INTEGRATION.secret_fields)


@contextmanager
def port(maker=None, *, clock=None, api=None, **settings):
    """A port that is served while the block runs; a ``clock`` of None stands still until somebody waits."""
    clock = clock or Clock()
    told = {"strict_fields": True, "credits": PLENTY, "kept_requests": PLENTY} | settings
    sandbox = Sandbox(Settings(**told), studio=maker or TinyStudio(), api=api, world=clock)
    with serving(sandbox) as url:
        opened = Port(sandbox, url, clock)
        yield opened
        opened.http.close()
    sandbox.close()
