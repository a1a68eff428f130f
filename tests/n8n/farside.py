"""What stands for a language model, on a port: it uses the first tool it is offered, and then answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Model:
    """``asked`` are the requests that came; ``arguments`` are what it gives to the tool."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator[Self]:
        model = cls("")

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                told = json.dumps(model.answer(json.loads(body))).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *words: object) -> None:
                """The tests tell what is wrong."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        model.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield model
        finally:
            server.shutdown()
            server.server_close()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """A chat completion: a call of the tool, or, where the tool has answered, what it said."""
        self.asked.append(request)
        last = request["messages"][-1]
        message = self._said(last["content"]) if last["role"] == "tool" else self._calling(request["tools"])
        return {
            "id": f"chatcmpl-{len(self.asked)}",
            "object": "chat.completion",
            "created": 0,
            "model": request["model"],
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "finish_reason": "tool_calls" if "tool_calls" in message else "stop",
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }

    def _said(self, content: Any) -> dict[str, Any]:
        return {"role": "assistant", "content": f"The tool said: {content}"}

    def _calling(self, tools: list[dict[str, Any]]) -> dict[str, Any]:
        function = {"name": tools[0]["function"]["name"], "arguments": json.dumps(self.arguments)}
        call = {"id": f"call_{len(self.asked)}", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
