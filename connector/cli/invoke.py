"""``connector invoke``: one use of an action; what it makes is saved."""

from __future__ import annotations

from connector.cli import request

_DESCRIPTION = "Uses an action, and saves what it makes. Each of its inputs is an option."
_EPILOG = """\
A file is @PATH, a path, a URL, a data URI, or @- for standard input. An option that an
input shares its name with is ours; the input's is then --input-NAME.

examples:
  connector invoke stable-image-core -e sandbox --prompt "a paper boat" -o boat.png
  connector invoke erase --image @room.png --mask @mask.png -o out/
  connector invoke start-creative-upscale --image @small.png --prompt "a vase" --no-wait
  connector invoke stable-image-ultra -f inputs.yaml --seed 7 --json
  connector invoke stable-diffusion-3 --help
"""


def run(words: list[str]) -> int:
    asked = request.read("invoke", words, _DESCRIPTION, _EPILOG)
    if asked is None:
        return 0
    from connector.cli import invocation

    return invocation.run(asked, words)
