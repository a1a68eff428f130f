"""The workflows of the tests, as n8n has them: a webhook, our node, and what is answered."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

NODE = "CUSTOM.stabilityai"
_HOST = "host000000000001"
_MODEL = "model00000000001"
_WRONG = "wrong00000000001"
SANDBOX = {"environment": "sandbox"}

Node = dict[str, Any]


def CREDENTIALS(host: Any, model: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": _HOST,
            "name": "Host",
            "type": "stabilityaiHostApi",
            "data": {"host": f"{host.url}/", "token": host.token},
        },
        {"id": _MODEL, "name": "Model", "type": "openAiApi", "data": {"apiKey": "none", "url": model.url}},
    ]


def flow(
    name: str, *between: Node, connections: dict[str, Any] | None = None, answer: Node | None = None
) -> Any:
    """A workflow that answers a webhook of that name by what the nodes in between make of it."""
    nodes = [_webhook(name), *between, answer or _picture()]
    line = [nodes[0], *(node for node in between if "main" not in node.get("apart", ())), nodes[-1]]
    return {
        "id": f"{name:0<16}"[:16],
        "name": name,
        "active": False,
        "settings": {"executionOrder": "v1"},
        "nodes": [
            {key: value for key, value in node.items() if key != "apart"} | {"position": [200 * at, 0]}
            for at, node in enumerate(nodes)
        ],
        "connections": {one["name"]: {"main": [[_to(other)]]} for one, other in pairwise(line)}
        | (connections or {}),
    }


def _to(node: Node) -> dict[str, Any]:
    return {"node": node["name"], "type": "main", "index": 0}


def _webhook(path: str) -> Node:
    return {
        "id": f"hook-{path}",
        "name": "Webhook",
        "type": "n8n-nodes-base.webhook",
        "typeVersion": 2,
        "webhookId": f"hook-{path}",
        "parameters": {"httpMethod": "POST", "path": path, "responseMode": "responseNode", "options": {}},
    }


def _picture() -> Node:
    return _respond({"respondWith": "binary", "responseDataSource": "set", "inputFieldName": "data"})


def _json() -> Node:
    return _respond({"respondWith": "json", "responseBody": "={{ JSON.stringify($json) }}"})


def _respond(parameters: dict[str, Any]) -> Node:
    return {
        "id": "respond",
        "name": "Respond",
        "type": "n8n-nodes-base.respondToWebhook",
        "typeVersion": 1.1,
        "parameters": {**parameters, "options": {}},
    }


def ours(resource: str, operation: str, type_: str = NODE, options: Any = None, **more: Any) -> Node:
    """Our node, in the sandbox."""
    settings = {
        name: more.pop(name)
        for name in ("onError", "retryOnFail", "maxTries", "waitBetweenTries")
        if name in more
    }
    return {
        "id": f"ours-{operation}",
        "name": "Ours",
        "type": type_,
        "typeVersion": 1,
        "credentials": {"stabilityaiHostApi": {"id": _HOST, "name": "Host"}},
        "parameters": {
            "resource": resource,
            "operation": operation,
            **more,
            "options": {**SANDBOX, **(options or {})},
        },
        **settings,
    }


_PROMPT = "={{ $json.body.prompt }}"
_CORE = ("generate", "stable-image-core")

_SPLIT = {
    "id": "split",
    "name": "Split",
    "type": "n8n-nodes-base.splitOut",
    "typeVersion": 1,
    "parameters": {"fieldToSplitOut": "body.prompts", "options": {"destinationFieldName": "prompt"}},
}
_AGENT = {
    "id": "agent",
    "name": "Agent",
    "type": "@n8n/n8n-nodes-langchain.agent",
    "typeVersion": 2,
    "parameters": {"promptType": "define", "text": _PROMPT, "options": {}},
}
_MODEL_NODE = {
    "id": "model",
    "name": "Model",
    "type": "@n8n/n8n-nodes-langchain.lmChatOpenAi",
    "typeVersion": 1.2,
    "credentials": {"openAiApi": {"id": _MODEL, "name": "Model"}},
    "parameters": {"model": {"__rl": True, "mode": "id", "value": "any"}, "options": {}},
    "apart": ("main",),
}
_TOOL = ours(
    *_CORE,
    type_=f"{NODE}Tool",
    prompt="={{ $fromAI('prompt', 'what the picture shows', 'string') }}",
) | {"apart": ("main",)}

WORKFLOWS: list[dict[str, Any]] = [
    flow("picture", ours(*_CORE, prompt=_PROMPT, additionalFields={"seed": 7, "aspect_ratio": "16:9"})),
    flow("edit", ours("edit", "erase", image="photo", additionalFields={"mask": "mask", "grow_mask": 0})),
    flow("job", ours("upscale", "start-creative-upscale", image="photo", prompt="a room")),
    flow("balance", ours("account", "balance"), answer=_json()),
    flow("generic", ours("request", "generic-http-request", path="/v1/engines/list"), answer=_json()),
    flow("mistake", ours(*_CORE, prompt=_PROMPT, onError="continueRegularOutput"), answer=_json()),
    flow(
        "retried",
        ours(
            *_CORE,
            prompt=_PROMPT,
            onError="continueRegularOutput",
            retryOnFail=True,
            maxTries=3,
            waitBetweenTries=100,
        ),
        answer=_json(),
    ),
    flow(
        "many",
        _SPLIT,
        ours(*_CORE, prompt="={{ $json.prompt }}"),
        answer=_respond({"respondWith": "allIncomingItems"}),
    ),
    flow("begun", ours(*_CORE, prompt=_PROMPT, options={"wait": False}), answer=_json()),
    flow("awaited", ours("connectorRun", "getResult", run="={{ $json.body.run }}")),
    flow(
        "agent",
        _AGENT,
        _MODEL_NODE,
        _TOOL,
        connections={
            "Model": {"ai_languageModel": [[{"node": "Agent", "type": "ai_languageModel", "index": 0}]]},
            "Ours": {"ai_tool": [[{"node": "Agent", "type": "ai_tool", "index": 0}]]},
        },
        answer=_json(),
    ),
]
