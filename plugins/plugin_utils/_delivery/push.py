# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushing: what is due is tried without values, minted and applied, each entry apart from the others.

Private to this collection: it may change at any time.
"""

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

# The source of an entry: the kind of its source and its path.
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
    """What is to be written, in the steps' order, without those Secrets that are as they should be."""
    pushed = [step for step in steps if step.entry is not None]
    # The data is read where it decides whether, or with what, a Secret is written: by name.
    seen = [step for step in pushed if step.found is not None and _needs_data(step)]
    data = cluster.get_many(SECRET, [(step.namespace, step.name) for step in seen])
    known = {step.where: one for step, one in zip(seen, data)}
    found = (_write(step, sources, known.get(step.where, step.found)) for step in pushed)
    return [one for one in found if one is not None]


def _needs_data(step: Step) -> bool:
    if step.action == KEEP:
        return not has_marks(step.entry, step.found)  # type: ignore[arg-type]  # both are there, see above
    return step.action == READ


def _write(step: Step, sources: Sources, before: ClusterObject | None) -> Write | None:
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
    """The server's answer to each write: its object, or a Refusal. What was not there before is only created."""
    made = [_versioned(one) for one in writes if one.before is not None]
    fresh = [one.secret for one in writes if one.before is None]
    answers = iter(cluster.apply(made, dry_run=dry_run))
    creations = iter(cluster.create(fresh, dry_run=dry_run))
    return [next(creations) if one.before is None else next(answers) for one in writes]


def _versioned(write: Write) -> dict[str, Any]:
    """The manifest for the very object that was seen."""
    version = (write.before or {})["metadata"].get("resourceVersion")
    metadata = {**write.secret["metadata"], **({"resourceVersion": version} if version else {})}
    return {**write.secret, "metadata": metadata}


def filled(
    writes: Sequence[Write], sources: Sources, minted: Ledger, limit: int
) -> list[Write | WorkloadCredentialsError]:
    """The writes with credentials in them, each minted for its own Secret; or why there are none."""

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
    """The end of each write: its object, or a sentence that says why there is none.

    Whatever happens, each lease is then known to be held by a Secret or by none, or is said to be in doubt.

    :arg again: write once more what others have changed in the meantime.
    """
    minted.hand_over([one.lease for one in writes], [one.step.supersedes for one in writes])
    try:
        return _settled(cluster, writes, applied(cluster, writes), minted, again=again)
    except BaseException:
        # Which of them were written is found out, or the leases of those would be ended.
        _settled(cluster, writes, [_UNANSWERED] * len(writes), minted, again=False)
        raise


def _settled(
    cluster: Cluster, writes: Sequence[Write], answers: Sequence[Any], minted: Ledger, *, again: bool
) -> list[Any]:
    """The same, from the answers: of what was not done, or may have been, it is looked what is there now."""
    found = _now(cluster, [one for one, answer in zip(writes, answers) if isinstance(answer, Refusal)])
    return [
        _end(cluster, one, answer, found.get(one.step.where, _UNKNOWN), minted, again=again)
        if isinstance(answer, Refusal)
        else _done(one, answer, minted)
        for one, answer in zip(writes, answers)
    ]


def _now(cluster: Cluster, writes: Sequence[Write]) -> dict[str, ClusterObject | None]:
    """The Secrets as they are now, as far as that can be seen."""
    try:
        found = cluster.get_many(SECRET, [(one.step.namespace, one.step.name) for one in writes], metadata_only=True)
    except WorkloadCredentialsError:
        return {}
    return {one.step.where: secret for one, secret in zip(writes, found)}


def _end(cluster: Cluster, write: Write, answer: Refusal, now: Any, minted: Ledger, *, again: bool) -> Any:
    if now is _UNKNOWN:
        minted.in_doubt(write.lease)
        minted.in_doubt(write.step.supersedes)
        minted.in_doubt(write.taken)
        return answer.words
    holding = annotations_of(now).get(LEASE) if now is not None else None
    if write.lease and holding == write.lease.id:
        # Its answer was lost, but it was done.
        return _done(write, now, minted)
    if again and answer.status == 409 and now is not None and (is_pushed(now) or write.step.is_operated):
        # Others may write labels and annotations into a Secret of the role at any time.
        return carried_out(cluster, [replace(write, before=now)], minted, again=False)[0]
    if write.step.supersedes and holding != write.step.supersedes.id:
        minted.supersede(write.step.supersedes)
    return foreign_words(write.step.where) if answer.exists else answer.words


def _done(write: Write, found: ClusterObject, minted: Ledger) -> ClusterObject:
    minted.owned(write.lease)
    minted.supersede(write.step.supersedes)
    minted.supersede(write.taken)
    return found


def reported(
    step: Step, write: Write | None, found: ClusterObject | None, outcome: Outcome, *, is_failed: bool, check_mode: bool
) -> dict[str, Any]:
    """What happened to an entry, by the server's answer; a difference goes into the outcome.

    :arg write: what was to be written, and ``found`` what the server made of it; None: nothing.
    """
    own = {"name": step.name, "namespace": step.namespace, "delivery": "push"}
    now = found if found is not None else step.found
    action = "failed" if is_failed else _happened(step, write, found, check_mode=check_mode)
    if action not in ("failed", "kept") and write is not None and found is not None:
        _differs(step, write, found, outcome, check_mode=check_mode)
    foretold = check_mode and step.action == MINT
    notes = annotations_of(now) if now is not None and not foretold else {}
    keys = data_keys(now) if now is not None else []
    return {**own, "action": action, "reason": step.reason, "keys": keys, **lease_fields(notes)}


def _happened(step: Step, write: Write | None, found: ClusterObject | None, *, check_mode: bool) -> str:
    if write is None or found is None:
        return "kept"
    before = write.before
    version = found["metadata"].get("resourceVersion")
    if before is not None and not check_mode and before["metadata"].get("resourceVersion") == version:
        return "kept"
    return "created" if before is None else "renewed" if step.action == MINT else "updated"


def _differs(step: Step, write: Write, found: ClusterObject, outcome: Outcome, *, check_mode: bool) -> None:
    before = write.before
    same = before is not None and before.get("data") == found.get("data") and step.action != MINT
    old, new = ("as it was", "as it was") if same else ("old values", "new values")
    is_minted = not (check_mode and step.action == MINT)
    outcome.differs(step.where, None if before is None else shown(before, old), shown(found, new, is_minted=is_minted))


def foreseen_report(entry: Entry) -> dict[str, Any]:
    """What check mode reports of an entry whose source is still to be made."""
    own = {"name": entry.name, "namespace": entry.namespace, "delivery": entry.delivery}
    said = {"action": "created", "reason": "its source is still to be made", "keys": []}
    return {**own, **said, **lease_fields({})}
