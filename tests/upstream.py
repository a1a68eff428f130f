"""The far side as a function, and a world in which time only passes when somebody waits."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import httpx

from connector.engine.connector import Connector
from connector.engine.http.transport import HttpTransport
from connector.storage.blocking import Inline

OTHER = Path(__file__).parent / "other"
KEY = "sk-TOPSECRET-0123456"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP8z8DAwMAAAAYIAQF7O8TBAAAAAElFTkSuQmCC"
)
JOB_ID = "0123456789abcdef" * 4


class Clock:
    """Seconds since the epoch; it stands still but for what is slept."""

    def __init__(self, now=1_800_000_000.0):
        self.now = now
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class Upstream:
    """Answers one request after the other with what was laid ready, and keeps what it was asked.

    An answer is an httpx.Response, an exception, or a function of the request.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else picture()
        if callable(answer) and not isinstance(answer, httpx.Response):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer


def picture(**headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, content=PNG, headers={"content-type": "image/png", "seed": "5"} | named)


def answer(status, value=None, **headers):
    named = {name.replace("_", "-"): str(text) for name, text in headers.items()}
    body = {"content": b""} if value is None else {"json": value}
    return httpx.Response(status, headers=named, **body)


def started():
    return answer(200, {"id": JOB_ID})


def pending():
    return answer(202, {"id": JOB_ID, "status": "in-progress"})


class World:
    """A connector whose upstream, clock and home are the test's."""

    def __init__(self, home, *answers, integration=None, environ=None, **options):
        self.clock = Clock()
        self.upstream = Upstream(*answers)
        self.events = []
        self.environ = {"STABILITY_API_KEY": KEY} if environ is None else environ
        self.connector = Connector(
            integration,
            home=home,
            on_event=self.events.append,
            transport=HttpTransport(httpx.MockTransport(self.upstream)),
            environ=self.environ,
            clock=self.clock,
            io=Inline(self.clock.sleep),
            **options,
        )

    @property
    def ledger(self):
        return self.connector.workspace.ledger

    def entry(self):
        """The only entry of the ledger."""
        (entry,) = self.ledger.entries()
        return entry

    def sent(self):
        return [(request.method, request.url.path) for request in self.upstream.requests]

    def bodies(self):
        return [json.loads(request.content or b"null") for request in self.upstream.requests]


def forms(secret: str) -> list[str]:
    """How a far side may send a secret back."""
    coded = base64.b64encode(secret.encode()).decode()
    return [
        secret,
        quote(secret, safe=""),
        "".join(f"%{ord(one):02X}" for one in secret),
        "".join(f"&#{ord(one)};" for one in secret),
        "".join(f"\\u{ord(one):04x}" for one in secret),
        secret.encode().hex(),
        *(base64.b64encode(f"{lead}{secret}".encode()).decode() for lead in ("", "a", "ab")),
        base64.urlsafe_b64encode(secret.encode()).decode(),
        base64.b64encode(coded.encode()).decode(),
    ]
