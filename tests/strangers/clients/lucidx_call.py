"""One picture of PyPI's lucidx into the folder it is run in: URL PROMPT STYLE. Its key lies in the home."""

import sys
from pathlib import Path

import near
import requests
from lucidx import genx

near.guard(setattr)
url, prompt, style = sys.argv[1:]
post = requests.post
# It has the vendor's address built in.
requests.post = lambda asked, **more: post(asked.replace("https://api.stability.ai", url), **more)
genx.generate_image(prompt, Path.cwd(), seed=1234, steps=30, style=style)
