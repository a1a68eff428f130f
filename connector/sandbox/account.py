"""The account of the API's first generation: what it tells about a key, its balance, its engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.sandbox.document import Operation
from connector.sandbox.generation import Desk
from connector.sandbox.messages import Answer, json_answer
from connector.sandbox.price import credits
from connector.sandbox.request import Visit

_ENGINES = {
    "stable-diffusion-xl-1024-v1-0": "Stable Diffusion XL v1.0",
    "stable-diffusion-v1-6": "Stable Diffusion v1.6",
    "stable-diffusion-768-v2-1": "Stable Diffusion v2.1 at 768 pixels",
    "esrgan-v1-x2plus": "Real-ESRGAN x2",
}


def engine_ids() -> frozenset[str]:
    return frozenset(_ENGINES)


def _account(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    organization = {"id": f"org-{desk.key}", "name": "Sandbox", "role": "ADMIN", "is_default": True}
    body: dict[str, Any] = {
        "id": f"user-{desk.key}",
        "email": "somebody@sandbox.invalid",
        "organizations": [organization],
        "profile_picture": "https://sandbox.invalid/nobody.png",
    }
    return json_answer(200, body)


def _balance(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    return json_answer(200, {"credits": credits(desk.store.account(desk.key, 0).credits)})


def _engines(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    known = [
        {"id": ident, "name": name, "description": f"{name}, as the sandbox plays it", "type": "PICTURE"}
        for ident, name in _ENGINES.items()
    ]
    return json_answer(200, known)


HANDLERS: Mapping[str, Callable[[Visit, Operation, Desk], Answer]] = {
    "v1_user_account": _account,
    "v1_user_balance": _balance,
    "v1_engines_list": _engines,
}
