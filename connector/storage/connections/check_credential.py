"""The check of a credential that is given, and of where it is to be used, before it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.errors import Problem
from connector.secret import Secret
from connector.spec.model import Integration
from connector.spec.schema.suggest import nearest
from connector.spec.schema.validator import Checker
from connector.storage.connections.model import Stored
from connector.storage.connections.secret_references import is_reference


def problems(integration: Integration, given: Mapping[str, Stored], prefix: str = "") -> Iterator[Problem]:
    """What is wrong with the values that are here; those of references are elsewhere, and some are sealed.

    What is missing is no problem yet: it can be asked for.
    """
    texts = {name: _text(value) for name, value in given.items()}
    here = {name: text for name, text in texts.items() if text is not None}
    pasted = [name for name, text in here.items() if _has_scheme(integration, text)]
    checker = Checker(
        {word: rule for word, rule in integration.credential.items() if word != "required"},
        noun="a field of the credential",
    )
    for name in pasted:
        path = f"{prefix}.{name}" if prefix else name
        yield Problem(path, "begins with the word Bearer; give the key alone")
    yield from checker.problems({name: here[name] for name in here if name not in pasted}, prefix)


def homeless(
    integration: Integration, environments: Sequence[str], base_url: str | None, asked: str = "a base URL"
) -> Iterator[str]:
    """A sentence for each environment that has no address; ``asked`` is how the caller gives one."""
    known = integration.environments
    for name in environments if base_url is None else ():
        if name not in known:
            yield (
                f"{integration.name} has no environment {name!r}; one of your own needs {asked}, "
                f"which says where its requests go{nearest(name, known)}"
            )


def _text(value: Stored) -> str | None:
    if isinstance(value, Secret):
        return value.reveal()
    return value if isinstance(value, str) and not is_reference(value) else None


def _has_scheme(integration: Integration, text: str) -> bool:
    """Whether a whole header was pasted, where the word in front of the key is added to it."""
    return integration.auth.kind == "bearer" and text.lower().startswith("bearer ")
