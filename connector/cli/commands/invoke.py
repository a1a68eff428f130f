"""``connector invoke``: one use of an action; what it makes is saved."""

from __future__ import annotations

from connector.cli.parsing import invoke_options

_DESCRIPTION = "Uses an action, and saves what it makes. Each of its inputs is an option."
_EPILOG = """\
A file is @PATH, a path, a URL, a data URI, or @- for standard input. Where an
input has the name of one of these options, its own option is --input-NAME.

examples:
  connector invoke stable-image-core -e sandbox --prompt "a boat" -o boat.png
  connector invoke erase --image @room.png --mask @mask.png -o out/
  connector invoke start-creative-upscale --image @s.png --prompt "a vase"
  connector invoke stable-image-ultra -f inputs.yaml --seed 7 --json
  connector invoke stable-diffusion-3 --help
"""


def run(words: list[str]) -> int:
    asked = invoke_options.read("invoke", words, _DESCRIPTION, _EPILOG)
    from connector.cli.report import invocation

    return invocation.run(asked, words)
