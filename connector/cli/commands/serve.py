"""``connector serve``: the connector over HTTP, and its console in a browser."""

from __future__ import annotations

from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.parsing.usage import needing

_EPILOG = """\
The first start makes a token and prints a link that signs in with it. Clients
send it as `Authorization: Bearer TOKEN`. What the host can do stands at
/openapi.json; its log is JSON lines on standard error.

examples:
  connector serve
  connector serve --port 0 --home ./data
  connector serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
"""


def run(words: list[str]) -> int:
    with needing("the host", "host"):
        from connector.server import serve_command
    parser = Parser("serve", "Serves the connector over HTTP, with its console, until Ctrl-C.", _EPILOG)
    serve_command.add_arguments(parser)
    args = parser.read(words)
    return serve_command.run(args, folder_of(args))
