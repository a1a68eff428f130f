"""The client that openapi-python-client wrote, in use: argv is the host, a token, a picture and its mask."""

import io
import json
import sys
from pathlib import Path

from host_client import AuthenticatedClient
from host_client.api.files import get_content, put_file
from host_client.api.runs import watch_run
from host_client.api.stability_ai_edit import invoke_erase
from host_client.api.stability_ai_generate import invoke_stable_image_core as core
from host_client.models import (
    EraseForm,
    InvokeStableImageCoreJsonBody,
    Outcome,
    Problem,
    PutFileFilesBody,
    StableImageCoreJson,
    Started,
    StoredFile,
)
from host_client.types import File, Response

URL, TOKEN, PICTURE, MASK = sys.argv[1:]
client = AuthenticatedClient(base_url=URL, token=TOKEN)


def file(path: str) -> File:
    return File(payload=io.BytesIO(Path(path).read_bytes()), file_name=path, mime_type="image/png")


def asked(prompt: str) -> InvokeStableImageCoreJsonBody:
    return InvokeStableImageCoreJsonBody(inputs=StableImageCoreJson(prompt=prompt))


def used(prompt: str) -> Response[Outcome | Problem | Started]:
    return core.sync_detailed(
        client=client, body=asked(prompt), environment="sandbox", idempotency_key=f"order-{len(prompt)}"
    )


uploaded = put_file.sync(client=client, body=PutFileFilesBody(file=file(PICTURE)))
assert isinstance(uploaded, StoredFile)
erased = invoke_erase.sync(
    client=client, body=EraseForm(image=file(PICTURE), mask=file(MASK)), environment="sandbox"
)
assert isinstance(erased, Outcome), erased
first, again = used("a boat"), used("a boat")
assert isinstance(first.parsed, Outcome)
assert isinstance(again.parsed, Outcome)
picture = get_content.sync_detailed(id=str(first.parsed.run.file), client=client)
problem = used("").parsed
assert isinstance(problem, Problem)
events = watch_run.sync_detailed(id=first.parsed.run.id, client=client)
print(
    json.dumps(
        {
            "uploaded": uploaded.file,
            "picture": picture.content[:4].hex(),
            "again": again.parsed.run.id == first.parsed.run.id,
            "replayed": again.headers.get("idempotency-replayed"),
            "problem": [problem.code, problem.billed, problem.problems[0].field],
            "events": events.content.decode().count("event: succeeded"),
        }
    )
)
