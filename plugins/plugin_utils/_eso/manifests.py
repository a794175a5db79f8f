# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's manifests: made by templates, checked for what they must say, and compared with what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ...module_utils._api.errors import OptionError
from ...module_utils._kube.errors import ClusterError
from ...module_utils._kube.objects import FIELD_MANAGER, as_json, reference, without_pairs
from .._cluster.job import Service, Template
from .._cluster.secrets import ClusterObject, target_of
from .._templates import renderer
from .objects import OperatorObject

_OWN = Path(__file__).parents[3] / "roles" / "cluster_credentials" / "templates"


def templates(action: Any, variables: Mapping[str, Any], folder: str | None) -> Template:
    """Return a function that renders templates as Ansible's own ``template`` does.

    :arg action: the action plugin, for its loader and templar.
    :arg folder: the user's; a template that is not in it is taken from the role.
    """
    own = Path(os.path.expanduser(folder)) if folder else None
    if own is not None and not own.is_dir():
        raise OptionError("templates_dir", f"{own} is not a folder.")
    rendered = renderer(action, variables, "templates_dir")

    def render(name: str, given: Mapping[str, Any]) -> tuple[str, str]:
        path = _OWN / f"{name if '.' in name else f'{name}.yml'}.j2"
        if own is not None and (own / path.name).is_file():
            path = own / path.name
        return rendered(path, given), str(path)

    return render


@dataclass(frozen=True)
class Manifest:
    """An object that is wanted for the operator: the text that its template made, and its content for the cluster."""

    wanted: OperatorObject
    text: str
    content: dict[str, Any]

    @property
    def kind(self) -> str:
        """The kind of the object."""
        return self.wanted.kind

    @property
    def namespace(self) -> str | None:
        """Its namespace; None: it belongs to the whole cluster."""
        return self.wanted.namespace

    @property
    def identity(self) -> tuple[str, str, str]:
        """Its kind, namespace ("" for none) and name."""
        return self.wanted.identity


def manifests_of(objects: Sequence[OperatorObject], service: Service, template: Template) -> list[Manifest]:
    """Return every object's manifest, in their order.

    :raises OptionError: a template makes something else than the object; the text names the file and the field.
    """
    return [manifest_of(wanted, service, template) for wanted in objects]


def manifest_of(wanted: OperatorObject, service: Service, template: Template) -> Manifest:
    """Return one object's manifest."""
    variables = wanted.variables(service)
    generator = ""
    if wanted.template == "cluster_generator":
        # It takes its spec from the template of its generator.
        inner = variables["generator"]
        generator = template(inner["template"], {"object": inner, "service": service, "generator": ""})[0]
    text, path = template(wanted.template, {"object": variables, "service": service, "generator": generator})
    text = without_pairs(text)
    content = _only_document(text, path)
    problem = _difference(wanted, content)
    if problem:
        # A template can put the token anywhere.
        problem = problem.replace(service.access_token or "\n", "(hidden)")
        raise OptionError("templates_dir", f"{path} makes {wanted.kind} {wanted.name} with {problem}")
    return Manifest(wanted, text, content)


def _only_document(text: str, path: str) -> dict[str, Any]:
    try:
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except Exception as error:
        # PyYAML makes dates of texts that look like one, or fails with an exception of Python's own.
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        # The text itself may hold the token, so only the line is named.
        where = "" if line is None else f" (line {line + 1} of what it makes)"
        raise OptionError("templates_dir", f"{path} makes no valid YAML{where}.") from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        made = len(documents) if len(documents) != 1 else "something else"
        raise OptionError("templates_dir", f"{path} must make one object, but makes {made}.")
    return documents[0]


def _difference(wanted: OperatorObject, content: Mapping[str, Any]) -> str | None:
    """Return how the content differs from the object in what a template may not change; None: it does not."""
    metadata = _mapping(content.get("metadata"))
    fields = (
        ("kind", content.get("kind"), wanted.kind),
        ("apiVersion", content.get("apiVersion"), wanted.api_version),
        ("metadata.name", metadata.get("name"), wanted.name),
        ("metadata.namespace", metadata.get("namespace"), wanted.namespace),
    )
    for field, value, expected in fields:
        if value != expected:
            return f"{field} {value!r}: it must be {expected!r}."
    if wanted.kind == "ExternalSecret" and target_of(content) != wanted.more["target"]:
        return f"spec.target.name {target_of(content)!r}: it must be {wanted.more['target']!r}."
    labels = _mapping(metadata.get("labels"))
    for name, value in wanted.labels.items():
        if labels.get(name) != value:
            return f"metadata.labels without {name}: {value!r}, by which the role knows its own objects."
    try:
        as_json(content)
    except ClusterError:
        return "a value that is not text, a number, a list or a mapping: put dates in quotes."
    return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


FieldPath = tuple[str, ...]
# A code serves once, and so differs each time.
_CODE = "tokenCode"


def added(existing: ClusterObject, manifest: ClusterObject) -> list[FieldPath]:
    """Return the fields of the spec that others have written and that the manifest does not have."""
    paths: set[FieldPath] = set()
    for writer in existing["metadata"].get("managedFields") or ():
        if _is_other(writer):
            fields = (writer.get("fieldsV1") or {}).get("f:spec") or {}
            paths |= {("spec", *path) for path in _beside(fields, manifest.get("spec") or {})}
    return sorted(path for path in paths if _exists(existing, path))


def _is_other(writer: Mapping[str, Any]) -> bool:
    """Return whether it is not the role that wrote these fields, nor the operator as a status."""
    is_applied = (writer.get("manager"), writer.get("operation")) == (FIELD_MANAGER, "Apply")
    return not is_applied and not writer.get("subresource")


def _beside(fields: Mapping[str, Any], wanted: Any) -> Iterator[FieldPath]:
    """Return the paths in managedFields that are not wanted, no further down than needed."""
    for key, below in fields.items():
        name = key.removeprefix("f:")
        # A list is applied as a whole.
        if key == name or not isinstance(wanted, Mapping):
            continue
        if name not in wanted:
            yield (name,)
        else:
            yield from ((name, *path) for path in _beside(below, wanted[name]))


def _exists(existing: Any, path: FieldPath) -> bool:
    for name in path:
        if not isinstance(existing, Mapping) or name not in existing:
            return False
        existing = existing[name]
    return True


def code_in(generator: Any) -> str | None:
    """Return the code of an MFA device in a generator, of any scope; None: there is none."""
    if not isinstance(generator, Mapping):
        return None
    code = generator.get(_CODE)
    for value in generator.values():
        code = code or code_in(value)
    return code


def removal(existing: ClusterObject, paths: Sequence[FieldPath]) -> dict[str, Any]:
    """Return the patch that removes these fields."""
    patch = reference(existing)
    for path in paths:
        place = patch
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = None
    return patch


def without(existing: ClusterObject, paths: Sequence[FieldPath]) -> dict[str, Any]:
    """Return the object without these fields."""
    return _without(existing, [path for path in paths if _exists(existing, path)])


def _without(existing: Mapping[str, Any], paths: Sequence[FieldPath]) -> dict[str, Any]:
    result = {}
    for name, value in existing.items():
        below = [path[1:] for path in paths if path[0] == name]
        if () not in below:
            result[name] = _without(value, below) if below else value
    return result


def different(wanted: ClusterObject, existing: ClusterObject) -> Iterator[str]:
    """Return the fields in which an object differs from its manifest; what the cluster adds does not count."""
    yield from _unlike(wanted.get("spec") or {}, existing.get("spec") or {}, "spec")
    for field in ("labels", "annotations"):
        own = wanted["metadata"].get(field) or {}
        yield from _unlike(own, existing["metadata"].get(field) or {}, f"metadata.{field}")


def _unlike(wanted: Any, existing: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(existing, Mapping):
        for name, value in wanted.items():
            if _counts(name, value):
                yield from _unlike(value, existing.get(name), f"{path}.{name}")
    elif _are_lists_of_one_length(wanted, existing):
        for value, current in zip(wanted, existing):
            yield from _unlike(value, current, path)
    elif wanted != existing:
        yield path


def _are_lists_of_one_length(wanted: Any, existing: Any) -> bool:
    return isinstance(wanted, list) and isinstance(existing, list) and len(wanted) == len(existing)


def _counts(name: str, value: Any) -> bool:
    """Return whether a field of a manifest says what the cluster should hold for long."""
    return name != _CODE and value not in (None, {})
