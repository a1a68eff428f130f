"""The provider's description: its connection type with its form, and where its modules are."""

from __future__ import annotations

from typing import Any

from connector import __version__

_NAME = "Connector"
_TEXT = {"type": ["string", "null"]}


def get_provider_info() -> dict[str, Any]:
    """What the entry point ``apache_airflow_provider`` gives; the form needs no import of the hook."""
    return {
        "package-name": "stability-connector",
        "name": _NAME,
        "description": "Actions of declared integrations: checked before they cost, never paid twice.",
        "versions": [__version__],
        "integrations": [{"integration-name": _NAME, "tags": ["service"]}],
        "operators": [{"integration-name": _NAME, "python-modules": ["connector.airflow.operators"]}],
        "hooks": [{"integration-name": _NAME, "python-modules": ["connector.airflow.hook"]}],
        "triggers": [{"integration-name": _NAME, "python-modules": ["connector.airflow.trigger"]}],
        "connection-types": [
            {
                "connection-type": "connector",
                "hook-class-name": "connector.airflow.hook.ConnectorHook",
                "hook-name": _NAME,
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "schema", "port"],
                    "relabeling": {"host": "Base URL", "password": "Secret"},
                    "placeholders": {
                        "host": "that of the environment",
                        "password": "the API key, or whatever else is secret of the credential",
                    },
                },
                "conn-fields": _FIELDS,
            }
        ],
    }


_FIELDS = {
    "environment": {
        "label": "Environment",
        "description": "Where its actions act; the integration's default if empty.",
        "schema": _TEXT,
    },
    "integration": {
        "label": "Integration",
        "description": "The folder of an integration on every worker; the one that is shipped if empty.",
        "schema": _TEXT,
    },
    "connection": {
        "label": "Connection",
        "description": "The name of one that the connector keeps itself, in place of a secret.",
        "schema": _TEXT,
    },
    "credential": {
        "label": "Other fields of the credential",
        "description": 'As JSON, such as {"organization": "..."}.',
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    "cap": {
        "label": "Cap",
        "description": "In credits a day; what would pass it is refused before it costs.",
        "schema": {"type": ["number", "null"]},
    },
}
