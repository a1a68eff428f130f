"""One call of PyPI's stabilityai: URL KEY METHOD ARGUMENTS, the last as JSON; a file is {"file": PATH}."""

import asyncio
import json
import sys
from pathlib import Path

import near
from stabilityai.client import AsyncStabilityClient

near.guard(setattr)


def told(value):
    if isinstance(value, dict) and set(value) == {"file"}:
        return Path(value["file"]).open("rb")
    return value


async def call(url, key, method, arguments):
    async with AsyncStabilityClient(api_host=url, api_key=key) as client:
        given = {name: told(value) for name, value in json.loads(arguments).items()}
        answer = await getattr(client, method)(**given)
        return json.loads(answer.json()) if hasattr(answer, "json") else answer


try:
    result = {"result": asyncio.run(call(*sys.argv[1:]))}
except Exception as error:
    result = {"error": f"{type(error).__name__}: {error}"}
print("\n" + json.dumps(result))
