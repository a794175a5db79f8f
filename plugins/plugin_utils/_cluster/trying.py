# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trying the operator's Secrets without values: what the cluster refused it would generate for again and again.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster, Refusal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster import sts
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.asking import Asked
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.objects import Operated
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator_template import (
    filled_in,
    renamed,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import Identity

# Of these the cluster reads the value.
_JSON_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")
Secrets = Mapping["tuple[str, str]", Found]


def barred(
    cluster: Cluster, external: Sequence[Operated], entries: Sequence[Entry], asked: Asked, secrets: Secrets
) -> dict[Identity, str]:
    """Why the operator could not write Secrets, by their ExternalSecrets.

    :arg external: those that the operator is about to look at.
    :arg secrets: what is there, by namespace and name.
    """
    by_place = {(entry.namespace, entry.external_secret): entry for entry in entries}
    pairs = [(one, by_place[one.namespace or "", one.name]) for one in external]
    problems = {one.identity: _foreign(one, entry, secrets.get((entry.namespace, entry.name))) for one, entry in pairs}
    trials = [
        (one.identity, trial, (entry.namespace, entry.name) in secrets)
        for one, entry in pairs
        if problems[one.identity] is None
        for trial in (_trial(one, entry, asked, is_there=(entry.namespace, entry.name) in secrets),)
        if trial is not None
    ]
    there = [(identity, trial) for identity, trial, is_there in trials if is_there]
    fresh = [(identity, trial) for identity, trial, is_there in trials if not is_there]
    answers = cluster.apply([trial for _identity, trial in there], dry_run=True)
    answers = [*answers, *cluster.create([trial for _identity, trial in fresh], dry_run=True)]
    for (identity, _trial_secret), answer in zip([*there, *fresh], answers):
        if isinstance(answer, Refusal) and not _is_own(answer):
            problems[identity] = f"{answer.words} The operator would generate again and again."
    return {identity: words for identity, words in problems.items() if words}


def _is_own(answer: Refusal) -> bool:
    """Whether it says nothing of what the operator may do."""
    is_rbac = answer.status == 403 and " may not " in answer.words
    is_leaving = "its namespace is being deleted" in answer.words
    return is_rbac or is_leaving or answer.exists or answer.may_be_done or answer.status == 409


def _foreign(one: Operated, entry: Entry, secret: Found | None) -> str | None:
    """Why the operator would not touch the Secret that is there, or that is not."""
    where, policy = entry.where, entry.creation_policy
    if secret is None:
        return f"{where}: there is no Secret to merge into (creation_policy Merge)." if policy == "Merge" else None
    if policy != "Owner":
        return None
    for owner in secret["metadata"].get("ownerReferences") or ():
        is_other = (owner.get("kind"), owner.get("name")) != ("ExternalSecret", one.name)
        if owner.get("controller") and is_other:
            return f"{where}: the Secret belongs to {owner.get('kind')} {owner.get('name')}. Choose another name."
    return None


def _trial(one: Operated, entry: Entry, asked: Asked, *, is_there: bool) -> dict[str, Any] | None:
    """The Secret as the operator will write it, without values that are still to be minted; None: it is not known."""
    values = _values(entry, asked)
    template: Mapping[str, str] = one.more["template_data"]
    texts = {target: filled_in(text, values) for target, text in template.items()} if template else values
    if any(text is None for text in texts.values()) and entry.type in _JSON_TYPES:
        return None
    data = {key: base64.b64encode((text or "x").encode()).decode() for key, text in texts.items()}
    has_type = bool(template) or entry.type != "Opaque" or not is_there
    metadata = {"name": entry.name, "namespace": entry.namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data, **_type(entry, has_type)}


def _type(entry: Entry, has_type: bool) -> dict[str, str]:
    return {"type": entry.type} if has_type else {}


def _values(entry: Entry, asked: Asked) -> dict[str, str | None]:
    source = asked.sources.get(entry.key)
    if source is None:
        return dict.fromkeys(sts.KEYS, "x")
    given = source.placeholder().values
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in given.items()}
    return {renamed(key) if entry.source == "static_secret" else key: text for key, text in texts.items()}
