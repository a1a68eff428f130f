"""The inputs of an action, as JSON or as a form."""

from __future__ import annotations

from typing import Any

from connector.engine.arguments import with_options
from connector.errors import InvalidArguments, Problem
from connector.runs.batch.columns import Runnable
from connector.server import operation, query_values, uploads
from connector.server.operation import OperationCall
from connector.spec import file_options

_JSON, _FORM = "application/json", "multipart/form-data"


async def read(call: OperationCall, action: Runnable) -> dict[str, Any]:
    """The inputs, as they were given, with what the query says of their files.

    What they must be is the engine's to say.
    """
    return with_options(action, await _read(call, action), file_options.chosen(call.query))


async def _read(call: OperationCall, action: Runnable) -> dict[str, Any]:
    kind = operation.kind_of(call.request)
    if kind == _FORM:
        given = await uploads.inputs(call.host, action, call.request)
        # Forms send what nobody filled in as an empty text.
        needed = action.inputs.get("required", ())
        return query_values.values(action.inputs, [one for one in given if one[1] != "" or one[0] in needed])
    if kind not in ("", _JSON):
        raise operation.wrong_kind(call.request, _JSON, _FORM)
    return _of_json(await operation.read_json(call.request, call.host.settings.max_json, optional=True))


def _of_json(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or set(body) - {"inputs"}:
        raise InvalidArguments([Problem("", 'must be an object whose one member is "inputs"')])
    inputs = body.get("inputs", {})
    if not isinstance(inputs, dict):
        raise InvalidArguments([Problem("inputs", "must be an object, with a member for each input")])
    return inputs
