# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushing: what is due is tried without values, minted and applied, each entry by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from ...module_utils._api.concurrency import gather_attempts
from ...module_utils._api.errors import StateError, WorkloadCredentialsError
from ...module_utils._credentials.lease import Lease
from ...module_utils._credentials.source import Source
from ...module_utils._kube.objects import Cluster, Refusal
from .._cluster.entries import Entry
from .._cluster.outcome import Outcome
from .._cluster.pushed_secrets import has_marks, is_same, kept, manifest, misfit, shown
from .._cluster.secrets import LEASE, SECRET, ClusterObject, annotations_of, data_keys, is_pushed, lease_fields
from .._cluster.steps import KEEP, MINT, READ, Step, foreign_words
from .._leases.ledger import Ledger

# Sources by the kind of a source and its path.
Sources = Mapping["tuple[str, str]", Source]
_UNKNOWN = object()
_UNANSWERED = Refusal(0, "Interrupted", "")
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True)
class Write:
    """A Secret that is to be written.

    :arg before: the Secret as it was, as much of it as was read; None: there was none.
    :arg secret: the manifest; with placeholders while its credentials are still to be minted.
    :arg lease: the new one; ``taken`` is the operator's, which the Secret holds until it is written.
    """

    step: Step
    before: ClusterObject | None
    secret: dict[str, Any]
    lease: Lease | None = None
    taken: Lease | None = None

    @property
    def is_due(self) -> bool:
        """Whether credentials are minted for it."""
        return self.step.action == MINT


def writes_of(steps: Sequence[Step], sources: Sources, cluster: Cluster) -> list[Write]:
    """Return what is to be written, in the steps' order; Secrets that are as they should be are left out."""
    data = _read_data(steps, cluster)
    writes = []
    for step in steps:
        write = _write(step, sources, data.get(step.where, step.found))
        if write is not None:
            writes.append(write)
    return writes


def _read_data(steps: Sequence[Step], cluster: Cluster) -> dict[str, ClusterObject | None]:
    """Return the whole Secrets whose data decides whether, or with what, they are written."""
    needed = [step for step in steps if _needs_data(step)]
    secrets = cluster.get_many(SECRET, [(step.namespace, step.name) for step in needed])
    return {step.where: secret for step, secret in zip(needed, secrets)}


def _needs_data(step: Step) -> bool:
    if step.entry is None or step.found is None:
        return False
    return step.action == READ or (step.action == KEEP and not has_marks(step.entry, step.found))


def _write(step: Step, sources: Sources, before: ClusterObject | None) -> Write | None:
    """Return what a step writes; None: nothing."""
    entry = step.entry
    if entry is None:
        return None
    if step.action == KEEP:
        return Write(step, before, kept(entry, before)) if before is not None and "data" in before else None
    source = sources[entry.key]
    if step.action == MINT:
        nothing = Lease("00000000-0000-0000-0000-000000000000", source.identity, _EPOCH, _EPOCH)
        return Write(step, before, manifest(entry, replace(source.placeholder(), lease=nothing)))
    secret = manifest(entry, source.mint())
    return None if before is not None and is_same(before, secret) else Write(step, before, secret)


def applied(cluster: Cluster, writes: Sequence[Write], *, dry_run: bool = False) -> list[Any]:
    """Return the server's answer to each write: its object, or a Refusal. What did not exist before is only created."""
    updates = [_versioned(write) for write in writes if write.before is not None]
    creations = [write.secret for write in writes if write.before is None]
    updated = iter(cluster.apply(updates, dry_run=dry_run))
    created = iter(cluster.create(creations, dry_run=dry_run))
    return [next(created) if write.before is None else next(updated) for write in writes]


def _versioned(write: Write) -> dict[str, Any]:
    """Return the manifest for the very object that was read."""
    version = (write.before or {})["metadata"].get("resourceVersion")
    metadata = {**write.secret["metadata"], **({"resourceVersion": version} if version else {})}
    return {**write.secret, "metadata": metadata}


def filled(
    writes: Sequence[Write], sources: Sources, minted: Ledger, limit: int
) -> list[Write | WorkloadCredentialsError]:
    """Return the writes with credentials, each minted for its own Secret; or why there are none."""

    def fill(write: Write) -> Write:
        entry = write.step.entry
        if entry is None or not write.is_due:
            return write
        credentials = minted.mint(sources[entry.key], entry)
        problem = misfit(entry, list(credentials.values))
        if problem:
            raise StateError(problem)
        return replace(write, secret=manifest(entry, credentials), lease=credentials.lease)

    return gather_attempts(fill, writes, limit, finishing=True)


def carried_out(cluster: Cluster, writes: Sequence[Write], minted: Ledger, *, again: bool = True) -> list[Any]:
    """Carry out the writes, and return for each its object, or a sentence that says why there is none.

    In any case each lease is afterwards held by a Secret or by none, or is in doubt.

    :arg again: write once more what others have changed in the meantime.
    """
    minted.hand_over([write.lease for write in writes], [write.step.supersedes for write in writes])
    try:
        return _resolved(cluster, writes, applied(cluster, writes), minted, again=again)
    except BaseException:
        # Find out which were written, or the leases in those Secrets would be ended.
        _resolved(cluster, writes, [_UNANSWERED] * len(writes), minted, again=False)
        raise


def _resolved(
    cluster: Cluster, writes: Sequence[Write], answers: Sequence[Any], minted: Ledger, *, again: bool
) -> list[Any]:
    """Resolve each write; Secrets whose write was refused or unanswered are read again."""
    current = _current(cluster, [write for write, answer in zip(writes, answers) if isinstance(answer, Refusal)])
    results = []
    for write, answer in zip(writes, answers):
        if isinstance(answer, Refusal):
            now = current.get(write.step.where, _UNKNOWN)
            results.append(_end(cluster, write, answer, now, minted, again=again))
        else:
            results.append(_done(write, answer, minted))
    return results


def _current(cluster: Cluster, writes: Sequence[Write]) -> dict[str, ClusterObject | None]:
    """Return the Secrets as they are now; none, where they cannot be read."""
    places = [(write.step.namespace, write.step.name) for write in writes]
    try:
        secrets = cluster.get_many(SECRET, places, metadata_only=True)
    except WorkloadCredentialsError:
        return {}
    return {write.step.where: secret for write, secret in zip(writes, secrets)}


def _end(cluster: Cluster, write: Write, refusal: Refusal, now: Any, minted: Ledger, *, again: bool) -> Any:
    """Resolve a write that was refused or unanswered.

    :arg now: the Secret as it is now, None: there is none; _UNKNOWN: it could not be read.
    """
    if now is _UNKNOWN:
        minted.in_doubt(write.lease)
        minted.in_doubt(write.step.supersedes)
        minted.in_doubt(write.taken)
        return refusal.words
    held = _lease_id(now)
    if write.lease and held == write.lease.id:
        # Only its answer was lost.
        return _done(write, now, minted)
    if again and refusal.status == 409 and _may_change(write, now):
        return carried_out(cluster, [replace(write, before=now)], minted, again=False)[0]
    if write.step.supersedes and held != write.step.supersedes.id:
        minted.supersede(write.step.supersedes)
    return foreign_words(write.step.where) if refusal.exists else refusal.words


def _lease_id(secret: ClusterObject | None) -> str | None:
    return None if secret is None else annotations_of(secret).get(LEASE)


def _may_change(write: Write, secret: ClusterObject | None) -> bool:
    """Return whether others may have changed labels and annotations of the Secret without making it theirs."""
    return secret is not None and (is_pushed(secret) or write.step.is_operated)


def _done(write: Write, secret: ClusterObject, minted: Ledger) -> ClusterObject:
    minted.owned(write.lease)
    minted.supersede(write.step.supersedes)
    minted.supersede(write.taken)
    return secret


def reported(
    step: Step,
    write: Write | None,
    secret: ClusterObject | None,
    outcome: Outcome,
    *,
    is_failed: bool,
    check_mode: bool,
) -> dict[str, Any]:
    """Return what happened to an entry, by the server's answer; a difference goes into the outcome.

    :arg write: what was to be written, and ``secret`` what the server made of it; None: nothing.
    """
    own = {"name": step.name, "namespace": step.namespace, "delivery": "push"}
    current = secret if secret is not None else step.found
    action = "failed" if is_failed else _action(step, write, secret, check_mode=check_mode)
    if action not in ("failed", "kept") and write is not None and secret is not None:
        _note_difference(step, write, secret, outcome, check_mode=check_mode)
    is_foretold = check_mode and step.action == MINT
    annotations = annotations_of(current) if current is not None and not is_foretold else {}
    keys = data_keys(current) if current is not None else []
    return {**own, "action": action, "reason": step.reason, "keys": keys, **lease_fields(annotations)}


def _action(step: Step, write: Write | None, secret: ClusterObject | None, *, check_mode: bool) -> str:
    """Return the report's word for what happened."""
    if write is None or secret is None:
        return "kept"
    before = write.before
    if before is None:
        return "created"
    version = secret["metadata"].get("resourceVersion")
    if not check_mode and before["metadata"].get("resourceVersion") == version:
        return "kept"
    return "renewed" if step.action == MINT else "updated"


def _note_difference(step: Step, write: Write, secret: ClusterObject, outcome: Outcome, *, check_mode: bool) -> None:
    before = write.before
    is_same_data = before is not None and before.get("data") == secret.get("data") and step.action != MINT
    old, new = ("as it was", "as it was") if is_same_data else ("old values", "new values")
    is_minted = not (check_mode and step.action == MINT)
    former = None if before is None else shown(before, old)
    outcome.differs(step.where, former, shown(secret, new, is_minted=is_minted))


def foreseen_report(entry: Entry) -> dict[str, Any]:
    """Return what check mode reports of an entry whose source is still to be made."""
    own = {"name": entry.name, "namespace": entry.namespace, "delivery": entry.delivery}
    return {**own, "action": "created", "reason": "its source is still to be made", "keys": [], **lease_fields({})}
