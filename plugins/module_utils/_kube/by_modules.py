# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster through kubernetes.core's modules, for hosts that alone can reach it or that have another Python."""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from .._api import interruption
from .client import settled_removals, wait_gone
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
    is_passing,
    is_versioned,
    kind_of,
    named,
    place_of,
    preconditions,
    reference,
    unseen,
)
from .refusals import as_creation, no_answer_refusal, reading_problem, refusal

# The cluster's answer stands in a module's message as text, or as Python writes bytes.
_BYTES = re.compile(r"b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_STATUS = re.compile(r'\{\s*"kind"\s*:\s*"Status"')
# What the library kubernetes says of an answer without one of the cluster's own in it.
_HTTP = re.compile(r"\(?\b(\d{3})\)?\s+Reason: ")
# Where a module that broke off left its traceback.
_TRACE = ("exception", "module_stderr", "module_stdout")
_PHRASES = {one.phrase: one.value for one in HTTPStatus}


def status_in(failure: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """The status and the body of the cluster's answer of which a failed module tells; 0 where it tells of none.

    :arg failure: with ``msg``, and perhaps with ``reason`` or a traceback.
    """
    message = "\n".join(str(failure.get(name) or "") for name in ("msg", *_TRACE))
    for text in (*_bytes_in(message), message):
        found = _STATUS.search(text)
        body = _json_at(text, found.start()) if found else None
        if body is not None:
            return int(body.get("code") or 0), body
    if "Failed to find exact match" in message:
        return 404, {"message": "the cluster does not serve this kind"}
    plain = _HTTP.search(message)
    return int(plain.group(1)) if plain else _PHRASES.get(str(failure.get("reason")), 0), {}


def problem_in(result: Mapping[str, Any]) -> str:
    """One line of why a module failed without an answer of the cluster."""
    message = str(result.get("msg") or "")
    trace = "\n".join(str(result.get(name) or "") for name in _TRACE)
    known = meaning(message) or meaning(_last_error(trace))
    if known is not None:
        return f"no answer from the cluster: {known[0]}"
    if message.startswith("Exception '") or not message or "MODULE FAILURE" in message:
        # What other libraries say may quote anything.
        name = re.search(r"(\w+(?:Error|Exception))\b", _last_error(trace))
        what = f" ({name.group(1)})" if name else ""
        return f"kubernetes.core's module broke off{what}; run kubernetes.core.k8s_info with this connection to see why"
    return " ".join(message.split())[:500]


def _last_error(trace: str) -> str:
    """The line of a traceback that says what it was, or the text itself where it is no traceback."""
    lines = [line for line in trace.splitlines() if re.match(r"[\w.]+(Error|Exception|Warning)\b", line)]
    return lines[-1] if lines else trace


def _bytes_in(message: str) -> Iterator[str]:
    for found in _BYTES.finditer(message):
        try:
            yield ast.literal_eval(found.group(0)).decode("utf-8", "replace")
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
    """Runs a module where the task runs, and gives its result."""

    def __call__(self, module: str, arguments: dict[str, Any], *, check_mode: bool) -> Result:
        """The result of the module with these arguments."""


def written(run: Run, arguments: Mapping[str, Any], manifests: Sequence[Object], *, dry_run: bool) -> Sequence[Result]:
    """What the module says of each manifest in the end; what may pass is tried again.

    :arg arguments: of the module, without the manifests.
    """
    for one in manifests:
        place_of(one)
        as_json(one)
    items = dict(enumerate(_once(run, arguments, manifests, dry_run=dry_run)))
    for attempt in range(ROUNDS):
        again = [number for number, item in items.items() if _may_pass(manifests[number], item)]
        if not again:
            break
        pause(attempt)
        items.update(zip(again, _once(run, arguments, [manifests[one] for one in again], dry_run=dry_run)))
    return [items[number] for number in range(len(manifests))]


def _once(run: Run, arguments: Mapping[str, Any], manifests: Sequence[Object], *, dry_run: bool) -> Sequence[Result]:
    if not manifests:
        return []
    definitions = [reference(one) if arguments["state"] == "absent" else one for one in manifests]
    call = {**arguments, "resource_definition": definitions, "continue_on_error": True}
    result = run(WRITE, call, check_mode=dry_run)
    if result.get("failed") or "result" not in result:
        return [{"broken": problem_in(result)}] * len(manifests)
    return [result] if len(manifests) == 1 else list(result["result"]["results"])


def applied(manifest: Object, item: Result) -> Applied:
    """The object that the cluster then had, or why not."""
    problem = _problem(manifest, item)
    if problem is not None:
        return problem
    if "method" not in item:
        return refusal(manifest, 404, {"reason": "NotFound", "message": "it is not there"})
    return named(kind_of(manifest), item["result"])


def removed(manifest: Object, item: Result) -> Removed:
    """Whether the object goes, or why not."""
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
    return is_passing(status, body, versioned=versioned) or (status == 0 and not versioned)


def pause(attempt: int) -> None:
    """Let some time pass before the next attempt."""
    interruption.pause(random.uniform(0.5, 1.0) * min(0.5 * 2.0**attempt, 5.0))


# Up to as many objects of a namespace are read by name, each by a process of its own; more are cheaper as a list.
_SINGLE = 2
_APPLY = {"field_manager": FIELD_MANAGER, "force_conflicts": True}


class ByModules:
    """The port through modules (see wire.Cluster).

    :arg run: runs a module where the task runs.
    :arg options: kubernetes.core's, which every call gets.
    :arg host: whose modules they are, as the inventory names it.
    """

    def __init__(self, run: Run, options: Mapping[str, Any], host: str = "") -> None:
        self._run = run
        self._options = dict(options)
        self._host = host

    @property
    def address(self) -> str:
        """What the modules of the host are told of the cluster."""
        told = [f"{name}={self._options[name]}" for name in ("host", "kubeconfig", "context") if name in self._options]
        return " ".join([f"by modules of {self._host}:", *told])

    def list(
        self,
        kind: ObjectKind,
        *,
        namespace: str | None = None,
        labels: Sequence[str] = (),
        fields: Sequence[str] = (),
        metadata_only: bool = False,
    ) -> Objects | None:
        """The objects of a kind; None: the cluster does not serve it."""
        selectors = {"label_selectors": list(labels), "field_selectors": list(fields)}
        return self._read(kind, {"namespace": namespace, **selectors}, metadata_only=metadata_only)

    def get(
        self, kind: ObjectKind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """One object; None: there is none."""
        found = self._read(kind, {"name": name, "namespace": namespace}, metadata_only=metadata_only)
        return found[0] if found else None

    def get_many(
        self, kind: ObjectKind, places: Sequence[NamespacedName], *, metadata_only: bool = False
    ) -> FoundObjects:
        """The objects of these namespaces and names."""
        found: dict[NamespacedName, dict[str, Any] | None] = {}
        for namespace in dict.fromkeys(namespace for namespace, _name in places):
            wanted = [place for place in places if place[0] == namespace]
            found.update(self._some(kind, namespace, wanted, metadata_only=metadata_only))
        return [found.get(place) for place in places]

    def apply(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Server-side apply of each manifest."""
        arguments = {"state": "present", "apply": True, "server_side_apply": _APPLY}
        return self._write(manifests, arguments, dry_run=dry_run)

    def create(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Server-side apply of each manifest, if there is no such object yet."""
        results = self.apply([unseen(one) for one in manifests], dry_run=dry_run)
        return [as_creation(one, manifest) for one, manifest in zip(results, manifests)]

    def patch(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """A merge patch for each manifest."""
        return self._write(manifests, {"state": "patched", "merge_type": ["merge"]}, dry_run=dry_run)

    def delete(self, references: Sequence[Object], *, dry_run: bool = False) -> Removals:
        """Delete each of them; what is not there is gone."""
        plain = [one for one in references if not preconditions(one)]
        done = iter(self._items(plain, {"state": "absent"}, dry_run=dry_run))
        answers = [
            removed(one, self._delete_seen(one, dry_run) if preconditions(one) else next(done)) for one in references
        ]
        return settled_removals(self, references, answers)

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until they are gone, and return those that are not in time."""
        return wait_gone(self, references, timeout_s)

    def _some(
        self, kind: ObjectKind, namespace: str | None, places: Sequence[NamespacedName], *, metadata_only: bool
    ) -> dict[NamespacedName, dict[str, Any] | None]:
        # Metadata of all costs less than a process for each; data is read of none but those that are wanted.
        if metadata_only and len(places) > _SINGLE:
            try:
                listed = self.list(kind, namespace=namespace, metadata_only=True) or ()
                return {(namespace, one["metadata"]["name"]): one for one in listed}
            except ForbiddenError:
                # By name it may be allowed.
                pass
        return {place: self.get(kind, place[1], namespace, metadata_only=metadata_only) for place in places}

    def _read(self, kind: ObjectKind, where: Mapping[str, Any], *, metadata_only: bool) -> Objects | None:
        arguments = {
            **self._options,
            **{name: value for name, value in where.items() if value},
            "api_version": kind.api_version,
            "kind": kind.kind,
            "metadata_only": metadata_only,
            # A cluster that knows no metadata alone sends everything.
            "hidden_fields": ["data"] if metadata_only else [],
        }
        for attempt in range(ROUNDS + 1):
            result = self._run(READ, arguments, check_mode=False)
            status, body = status_in(result)
            if "resources" in result or attempt == ROUNDS or not is_passing(status, body, versioned=False):
                break
            pause(attempt)
        if result.get("api_found") is False or (status == 404 and not kind.is_core):
            return None
        if "resources" not in result:
            raise _unreadable(f"{kind.plural} cannot be read", result)
        return [named(kind, one) for one in result["resources"]]

    def _delete_seen(self, reference: Object, dry_run: bool) -> Result:
        arguments = {"state": "absent", "delete_options": {"preconditions": preconditions(reference)}}
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
