# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many writes through one call of kubernetes.core's module, and what it says of each.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ansible_collections.community.workload_credentials.plugins.module_utils._api import interruption
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import (
    as_json,
    kind_of,
    named,
    place_of,
    reference,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.module_results import (
    problem_in,
    status_in,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.refusals import (
    no_answer_refusal,
    refusal,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.request import (
    is_passing,
    is_versioned,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import (
    WRITE,
    Applied,
    Gone,
    Object,
    Refusal,
    Removed,
)

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
