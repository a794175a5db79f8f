# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's manifests: made by templates, checked for what they must say, and compared with what is there.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible import template
from ansible.plugins.loader import lookup_loader
from ansible.utils.unsafe_proxy import wrap_var

from ...module_utils._api.errors import OptionError
from ...module_utils._kube.errors import ClusterError
from ...module_utils._kube.objects import FIELD_MANAGER, as_json, reference, without_pairs
from .._cluster.job import Service, Template
from .._cluster.secrets import ClusterObject, target_of
from .objects import Operated

# Where the lookup would take a text for data, it is told not to.
_TEXT = {} if hasattr(template, "trust_as_template") else {"convert_data": False}
_OWN = Path(__file__).parents[3] / "roles" / "cluster_credentials" / "templates"


def templates(action: Any, variables: Mapping[str, Any], folder: str | None) -> Template:
    """Renders templates as Ansible's own ``template`` does.

    :arg action: the action plugin, for its loader and templar.
    :arg folder: the user's; what is not in it is taken from the role.
    """
    own = Path(os.path.expanduser(folder)) if folder else None
    if own is not None and not own.is_dir():
        raise OptionError("templates_dir", f"{own} is not a folder.")
    lookup = lookup_loader.get("ansible.builtin.template", loader=action._loader, templar=action._templar)

    def render(name: str, given: Mapping[str, Any]) -> tuple[str, str]:
        path = _OWN / f"{name if '.' in name else f'{name}.yml'}.j2"
        if own is not None and (own / path.name).is_file():
            path = own / path.name
        try:
            # What users wrote in the operator's language is not Ansible's to render.
            (text,) = lookup.run([str(path)], variables, template_vars=wrap_var(dict(given)), **_TEXT)
        except Exception as error:
            # A template is a program: it can break off with anything.
            raise OptionError("templates_dir", f"{path} cannot be rendered: {_cause(error)}") from None
        return str(text), str(path)

    return render


def _cause(error: BaseException) -> str:
    """What the template did wrong: a name and a line, and no value."""
    while error.__cause__ is not None:
        error = error.__cause__
    line = getattr(error, "lineno", None)
    # Only Jinja's own texts are of the template alone.
    of_jinja = getattr(error, "message", None) if type(error).__module__.startswith("jinja2.") else None
    text = str(of_jinja or type(error).__name__).splitlines()[0]
    return f"{text}{f' (line {line})' if line else ''}."


@dataclass(frozen=True)
class Manifest:
    """An object as its template wrote it, and as the cluster gets it."""

    operated: Operated
    text: str
    content: dict[str, Any]


def manifests_of(objects: Sequence[Operated], service: Service, template: Template) -> list[Manifest]:
    """Every object's manifest, in their order.

    :raises OptionError: a template that makes something else than the object; the text names the file and the field.
    """
    return [manifest_of(one, service, template) for one in objects]


def manifest_of(one: Operated, service: Service, template: Template) -> Manifest:
    """One object's manifest."""
    variables = one.variables(service)
    generator = ""
    if one.template == "cluster_generator":
        # It takes its spec from the template of its generator.
        inner = variables["generator"]
        generator = template(inner["template"], {"object": inner, "service": service, "generator": ""})[0]
    text, path = template(one.template, {"object": variables, "service": service, "generator": generator})
    text = without_pairs(text)
    content = _only_document(text, path)
    problem = _difference(one, content)
    if problem:
        # A template can put the token anywhere.
        problem = problem.replace(service.access_token or "\n", "(hidden)")
        raise OptionError("templates_dir", f"{path} makes {one.kind} {one.name} with {problem}")
    return Manifest(one, text, content)


def _only_document(text: str, path: str) -> dict[str, Any]:
    try:
        documents = [one for one in yaml.safe_load_all(text) if one is not None]
    except Exception as error:
        # Of what looks like a date PyYAML makes one, or breaks off in Python's own words.
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        # The text itself may hold the token.
        where = "" if line is None else f" (line {line + 1} of what it makes)"
        raise OptionError("templates_dir", f"{path} makes no valid YAML{where}.") from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        made = len(documents) if len(documents) != 1 else "something else"
        raise OptionError("templates_dir", f"{path} has to make one object, and makes {made}.")
    return documents[0]


def _difference(one: Operated, content: Mapping[str, Any]) -> str | None:
    """What decides which object it is, and whose: there a template has no choice."""
    metadata = _mapping(content.get("metadata"))
    found = {
        "kind": content.get("kind"),
        "apiVersion": content.get("apiVersion"),
        "metadata.name": metadata.get("name"),
        "metadata.namespace": metadata.get("namespace"),
    }
    wanted = dict(zip(found, (one.kind, one.api_version, one.name, one.namespace)))
    for field, value in wanted.items():
        if found[field] != value:
            return f"{field} {found[field]!r}: it must be {value!r}."
    if one.kind == "ExternalSecret" and target_of(content) != one.more["target"]:
        return f"spec.target.name {target_of(content)!r}: it must be {one.more['target']!r}."
    labels = _mapping(metadata.get("labels"))
    for name, value in one.labels.items():
        if labels.get(name) != value:
            return f"metadata.labels without {name}: {value!r}, by which the role knows its own objects."
    try:
        as_json(content)
    except ClusterError:
        return "a value that is no text, number, list or mapping: a date needs quotes."
    return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


FieldPath = tuple[str, ...]
# What serves once differs each time.
_CODE = "tokenCode"


def added(found: ClusterObject, manifest: ClusterObject) -> list[FieldPath]:
    """The fields of the spec that others have written and that the manifest does not have."""
    paths: set[FieldPath] = set()
    for writer in found["metadata"].get("managedFields") or ():
        is_applied = (writer.get("manager"), writer.get("operation")) == (FIELD_MANAGER, "Apply")
        if not is_applied and not writer.get("subresource"):
            fields = (writer.get("fieldsV1") or {}).get("f:spec") or {}
            paths |= {("spec", *path) for path in _beside(fields, manifest.get("spec") or {})}
    return sorted(path for path in paths if _is_there(found, path))


def _beside(fields: Mapping[str, Any], wanted: Any) -> Iterator[FieldPath]:
    """The paths in an account of fields that are not wanted, no further down than needed."""
    for key, below in fields.items():
        name = key.removeprefix("f:")
        # A list is applied as a whole.
        if key == name or not isinstance(wanted, Mapping):
            continue
        if name not in wanted:
            yield (name,)
        else:
            yield from ((name, *path) for path in _beside(below, wanted[name]))


def _is_there(found: Any, path: FieldPath) -> bool:
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return False
        found = found[name]
    return True


def code_in(found: Any) -> str | None:
    """The code of an MFA device in a generator, of whatever scope; None: there is none."""
    if not isinstance(found, Mapping):
        return None
    return found.get(_CODE) or next(filter(None, map(code_in, found.values())), None)


def removal(found: ClusterObject, paths: Sequence[FieldPath]) -> dict[str, Any]:
    """The patch that takes these fields away."""
    patch = reference(found)
    for path in paths:
        place = patch
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = None
    return patch


def without(found: ClusterObject, paths: Sequence[FieldPath]) -> dict[str, Any]:
    """The object as it is without these fields."""
    return _without(found, {}, [path for path in paths if _is_there(found, path)])


def _without(found: Mapping[str, Any], result: dict[str, Any], paths: Sequence[FieldPath]) -> dict[str, Any]:
    for name, value in found.items():
        below = [path[1:] for path in paths if path[0] == name]
        if () not in below:
            result[name] = _without(value, {}, below) if below else value
    return result


def different(wanted: ClusterObject, found: ClusterObject) -> Iterator[str]:
    """The fields of which an object has not what its manifest says; the cluster may have added to them."""
    yield from _unlike(wanted.get("spec") or {}, found.get("spec") or {}, "spec")
    for field in ("labels", "annotations"):
        own = wanted["metadata"].get(field) or {}
        yield from _unlike(own, found["metadata"].get(field) or {}, f"metadata.{field}")


def _unlike(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name, value in wanted.items():
            if name != _CODE and value not in (None, {}):
                yield from _unlike(value, found.get(name), f"{path}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for value, there in zip(wanted, found):
            yield from _unlike(value, there, path)
    elif wanted != found:
        yield path
