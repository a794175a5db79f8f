# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster through kubernetes.core's modules, for hosts that alone can reach it or have another Python."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from .._api import interruption
from .._api.retry import backoff
from .._api.text import one_line
from .client import resolve_removals, wait_gone
from .errors import ClusterError, ForbiddenError, meaning
from .objects import (
    FIELD_MANAGER,
    READ,
    WRITE,
    Applied,
    FoundObjects,
    Gone,
    NamespacedName,
    Object,
    ObjectKind,
    Objects,
    References,
    Refusal,
    Removals,
    Removed,
    Results,
    as_json,
    create_only,
    is_retryable,
    is_versioned,
    kind_of,
    place_of,
    preconditions,
    reference,
    with_kind,
)
from .refusals import as_creation, no_answer_refusal, reading_problem, refusal

# A module's message holds the cluster's answer as text, or as Python's form of bytes.
_BYTES = re.compile(r"b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_STATUS = re.compile(r'\{\s*"kind"\s*:\s*"Status"')
# The library kubernetes writes so about an answer without a body of the cluster.
_HTTP = re.compile(r"\(?\b(\d{3})\)?\s+Reason: ")
# Results of a failed module that may hold its traceback.
_TRACE = ("exception", "module_stderr", "module_stdout")
_PHRASES = {status.phrase: status.value for status in HTTPStatus}


def status_in(failure: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """Return the status and the body of the cluster's answer in a failed module's result; 0: it holds none.

    :arg failure: has ``msg``, and perhaps ``reason`` or a traceback.
    """
    message = "\n".join(str(failure.get(name) or "") for name in ("msg", *_TRACE))
    for text in (*_bytes_in(message), message):
        match = _STATUS.search(text)
        body = _json_at(text, match.start()) if match else None
        if body is not None:
            return int(body.get("code") or 0), body
    if "Failed to find exact match" in message:
        return 404, {"message": "the cluster does not serve this kind"}
    plain = _HTTP.search(message)
    if plain:
        return int(plain.group(1)), {}
    return _PHRASES.get(str(failure.get("reason")), 0), {}


def problem_in(result: Mapping[str, Any]) -> str:
    """Return one line about why a module failed without an answer of the cluster."""
    message = str(result.get("msg") or "")
    trace = "\n".join(str(result.get(name) or "") for name in _TRACE)
    known = meaning(message) or meaning(_last_error(trace))
    if known is not None:
        return f"no answer from the cluster: {known[0]}"
    if message.startswith("Exception '") or not message or "MODULE FAILURE" in message:
        # Messages of other libraries may quote anything.
        name = re.search(r"(\w+(?:Error|Exception))\b", _last_error(trace))
        what = f" ({name.group(1)})" if name else ""
        return f"kubernetes.core's module crashed{what}; run kubernetes.core.k8s_info with this connection to see why"
    return one_line(message)


def _last_error(trace: str) -> str:
    """Return the last line of a traceback that names the error, or the text if it is not a traceback."""
    lines = [line for line in trace.splitlines() if re.match(r"[\w.]+(Error|Exception|Warning)\b", line)]
    return lines[-1] if lines else trace


def _bytes_in(message: str) -> Iterator[str]:
    for match in _BYTES.finditer(message):
        try:
            yield ast.literal_eval(match.group(0)).decode("utf-8", "replace")
        except (ValueError, SyntaxError):
            continue


def _json_at(text: str, start: int) -> dict[str, Any] | None:
    try:
        body, _end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


ROUNDS = 4

Result = Mapping[str, Any]


class Run(Protocol):
    """Run a module on the task's host and return its result."""

    def __call__(self, module: str, arguments: dict[str, Any], *, check_mode: bool) -> Result:
        """Return the result of the module with these arguments."""


def written(run: Run, arguments: Mapping[str, Any], manifests: Sequence[Object], *, dry_run: bool) -> Sequence[Result]:
    """Write the manifests, retry failures that may pass, and return the module's result for each.

    :arg arguments: of the module, without the manifests.
    """
    for manifest in manifests:
        place_of(manifest)
        as_json(manifest)
    items = dict(enumerate(_once(run, arguments, manifests, dry_run=dry_run)))
    for attempt in range(ROUNDS):
        again = [number for number, item in items.items() if _may_pass(manifests[number], item)]
        if not again:
            break
        _pause(attempt)
        items.update(zip(again, _once(run, arguments, [manifests[number] for number in again], dry_run=dry_run)))
    return [items[number] for number in range(len(manifests))]


def _once(run: Run, arguments: Mapping[str, Any], manifests: Sequence[Object], *, dry_run: bool) -> Sequence[Result]:
    if not manifests:
        return []
    definitions = list(map(reference, manifests)) if arguments["state"] == "absent" else list(manifests)
    call = {**arguments, "resource_definition": definitions, "continue_on_error": True}
    result = run(WRITE, call, check_mode=dry_run)
    if result.get("failed") or "result" not in result:
        return [{"broken": problem_in(result)}] * len(manifests)
    return [result] if len(manifests) == 1 else list(result["result"]["results"])


def applied(manifest: Object, item: Result) -> Applied:
    """Return the object as the cluster has it then, or the refusal."""
    problem = _problem(manifest, item)
    if problem is not None:
        return problem
    if "method" not in item:
        return refusal(manifest, 404, {"reason": "NotFound", "message": "it does not exist"})
    return with_kind(kind_of(manifest), item["result"])


def removed(manifest: Object, item: Result) -> Removed:
    """Return that the object is being deleted, or the refusal."""
    problem = _problem(manifest, item)
    if problem is None:
        return Gone(was_there=bool(item.get("changed")))
    return Gone(was_there=False) if problem.status == 404 else problem


def _problem(manifest: Object, item: Result) -> Refusal | None:
    if "broken" in item:
        return no_answer_refusal(manifest, item["broken"], sent=True)
    if "error" not in item:
        return None
    status, body = status_in(item["error"])
    if status:
        return refusal(manifest, status, body)
    return no_answer_refusal(manifest, problem_in(item["error"]), sent=True)


def _may_pass(manifest: Object, item: Result) -> bool:
    if "error" not in item:
        return False
    status, body = status_in(item["error"])
    versioned = is_versioned(manifest)
    return is_retryable(status, body, versioned=versioned) or (status == 0 and not versioned)


def _pause(attempt: int) -> None:
    interruption.pause(backoff(attempt, first=0.5, longest=5.0))


# So many objects of a namespace are read by name, each with a process of its own. For more a list is cheaper.
_MOST_BY_NAME = 2
_APPLY = {"field_manager": FIELD_MANAGER, "force_conflicts": True}


class ByModules:
    """A cluster (see objects.Cluster) through the modules of a host.

    :arg run: runs a module on that host.
    :arg options: of kubernetes.core, for every call.
    :arg host: its name in the inventory.
    """

    def __init__(self, run: Run, options: Mapping[str, Any], host: str = "") -> None:
        self._run = run
        self._options = dict(options)
        self._host = host

    @property
    def address(self) -> str:
        """Return the host and the options that lead to the cluster."""
        options = [
            f"{name}={self._options[name]}" for name in ("host", "kubeconfig", "context") if name in self._options
        ]
        return " ".join([f"by modules of {self._host}:", *options])

    def list(
        self,
        kind: ObjectKind,
        *,
        namespace: str | None = None,
        labels: Sequence[str] = (),
        fields: Sequence[str] = (),
        metadata_only: bool = False,
    ) -> Objects | None:
        """Return the objects of a kind; None: the cluster does not serve it."""
        selectors = {"label_selectors": list(labels), "field_selectors": list(fields)}
        return self._read(kind, {"namespace": namespace, **selectors}, metadata_only=metadata_only)

    def get(
        self, kind: ObjectKind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """Return one object; None: it does not exist."""
        objects = self._read(kind, {"name": name, "namespace": namespace}, metadata_only=metadata_only)
        return objects[0] if objects else None

    def get_many(
        self, kind: ObjectKind, places: Sequence[NamespacedName], *, metadata_only: bool = False
    ) -> FoundObjects:
        """Return the objects of these namespaces and names, in their order."""
        objects: dict[NamespacedName, dict[str, Any] | None] = {}
        for namespace in dict.fromkeys(namespace for namespace, _name in places):
            wanted = [place for place in places if place[0] == namespace]
            objects.update(self._in_namespace(kind, namespace, wanted, metadata_only=metadata_only))
        return [objects.get(place) for place in places]

    def apply(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Apply each manifest on the server."""
        arguments = {"state": "present", "apply": True, "server_side_apply": _APPLY}
        return self._write(manifests, arguments, dry_run=dry_run)

    def create(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Apply each manifest on the server if its object does not exist yet."""
        results = self.apply(list(map(create_only, manifests)), dry_run=dry_run)
        return list(map(as_creation, results, manifests))

    def patch(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Send a merge patch for each manifest."""
        return self._write(manifests, {"state": "patched", "merge_type": ["merge"]}, dry_run=dry_run)

    def delete(self, references: Sequence[Object], *, dry_run: bool = False) -> Removals:
        """Delete each object; one that does not exist counts as deleted."""
        plain = [one for one in references if not preconditions(one)]
        plain_items = iter(self._items(plain, {"state": "absent"}, dry_run=dry_run))
        answers: Removals = []
        for target in references:
            conditions = preconditions(target)
            item = self._delete_exact(target, conditions, dry_run) if conditions else next(plain_items)
            answers.append(removed(target, item))
        return resolve_removals(self, references, answers)

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until the objects are gone; return those still present at the timeout."""
        return wait_gone(self, references, timeout_s)

    def _in_namespace(
        self, kind: ObjectKind, namespace: str | None, places: Sequence[NamespacedName], *, metadata_only: bool
    ) -> dict[NamespacedName, dict[str, Any] | None]:
        # Listing all metadata costs less than a process for each object. Data is read only of the wanted objects.
        if metadata_only and len(places) > _MOST_BY_NAME:
            try:
                listed = self.list(kind, namespace=namespace, metadata_only=True) or ()
                return {(namespace, entry["metadata"]["name"]): entry for entry in listed}
            except ForbiddenError:
                # Reading by name may be allowed.
                pass
        return {place: self.get(kind, place[1], namespace, metadata_only=metadata_only) for place in places}

    def _read(self, kind: ObjectKind, where: Mapping[str, Any], *, metadata_only: bool) -> Objects | None:
        arguments = {
            **self._options,
            **{name: value for name, value in where.items() if value},
            "api_version": kind.api_version,
            "kind": kind.kind,
            "metadata_only": metadata_only,
            # A cluster that does not support metadata_only sends everything.
            "hidden_fields": ["data"] if metadata_only else [],
        }
        result = self._retried(arguments)
        status, _body = status_in(result)
        if result.get("api_found") is False or (status == 404 and not kind.is_core):
            return None
        if "resources" not in result:
            raise _unreadable(f"{kind.plural} cannot be read", result)
        return [with_kind(kind, item) for item in result["resources"]]

    def _retried(self, arguments: dict[str, Any]) -> Result:
        """Read, retry failures that may pass, and return the module's result."""
        for attempt in range(ROUNDS):
            result = self._run(READ, arguments, check_mode=False)
            status, body = status_in(result)
            if "resources" in result or not is_retryable(status, body, versioned=False):
                return result
            _pause(attempt)
        return self._run(READ, arguments, check_mode=False)

    def _delete_exact(self, reference: Object, conditions: Mapping[str, str], dry_run: bool) -> Result:
        arguments = {"state": "absent", "delete_options": {"preconditions": conditions}}
        return self._items([reference], arguments, dry_run=dry_run)[0]

    def _write(self, manifests: Sequence[Object], arguments: Mapping[str, Any], *, dry_run: bool) -> Results:
        return list(map(applied, manifests, self._items(manifests, arguments, dry_run=dry_run)))

    def _items(self, manifests: Sequence[Object], arguments: Mapping[str, Any], *, dry_run: bool) -> Sequence[Result]:
        return written(self._run, {**self._options, **arguments}, manifests, dry_run=dry_run)


def _unreadable(what: str, result: Result) -> ClusterError:
    status, body = status_in(result)
    if not status:
        return ClusterError(f"{what}: {problem_in(result).rstrip('.')}.")
    error = ForbiddenError if status == 403 else ClusterError
    return error(reading_problem(what, status, body))
