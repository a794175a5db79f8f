# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide what to do about each Secret, and why, from entries and metadata alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ...module_utils._credentials.lease import Lease, Margin
from ...module_utils._marks import MOVING
from .entries import Entry
from .secrets import (
    DEFINITION,
    ClusterObject,
    annotations_of,
    data_is_ours,
    fingerprint,
    identity,
    is_managed,
    is_operated,
    is_pushed,
    lease_of,
    named,
    owner_of,
)
from .spec import DEFAULT_OWNER

# The role renews pushed leases in their last quarter, and so does the operator.
MARGIN = Margin(part=0.25)
GONE = "its lease ended early"
KEEP, MINT, READ, LET_GO, REMOVE = "keep", "mint", "read", "let_go", "remove"
MERGING = ("Merge", "CreateOrMerge")


@dataclass(frozen=True)
class Step:
    """One Secret's part of the plan.

    :arg action: KEEP, MINT or READ for a pushed entry; LET_GO for a pushed Secret that the operator delivers from now
        on; REMOVE for a Secret that no entry names.
    :arg found: the Secret's metadata as it is; None: there is no Secret.
    :arg entry: None: no entry is pushed into the Secret.
    """

    namespace: str
    name: str
    action: str
    reason: str
    found: ClusterObject | None
    entry: Entry | None = None

    @property
    def where(self) -> str:
        """Return the name of the Secret for messages."""
        return f"{self.namespace}/{self.name}"

    @property
    def line(self) -> str:
        """Return the plan's line for a person."""
        return f"{self.where}: {self.action}, {self.reason}"

    @property
    def is_operated(self) -> bool:
        """Return whether the operator writes the Secret so far."""
        return self.found is not None and is_operated(self.found)

    @property
    def moving_to(self) -> str | None:
        """Return the name of the ExternalSecret that was to adopt the Secret, and has not done so yet."""
        return annotations_of(self.found).get(MOVING) if self.found is not None else None

    @property
    def supersedes(self) -> Lease | None:
        """Return the lease that nobody needs once this step is done."""
        return lease_of(self.found) if self.found is not None and self.action != KEEP else None


def planned(
    entries: Sequence[Entry],
    secrets: Sequence[ClusterObject],
    now: datetime,
    *,
    prune: bool,
    gone: Collection[str] = (),
    owner: str = DEFAULT_OWNER,
    renew: bool = False,
) -> list[Step]:
    """Return a step for each pushed entry, in their order, and then one for each Secret that goes.

    :arg secrets: the metadata of the role's Secrets and of those that the entries name.
    :arg gone: IDs of leases that have ended before their time.
    :arg renew: mint for every entry.
    :arg prune: remove this owner's pushed Secrets that no entry names.
    """
    by_place = named(secrets)
    pushed = [(entry, by_place.get((entry.namespace, entry.name))) for entry in entries if entry.is_pushed]
    steps = [_step(entry, secret, now, gone, renew=renew) for entry, secret in pushed]
    return steps + _leaving(entries, by_place, owner if prune else None)


def foreign(entries: Sequence[Entry], secrets: Mapping[tuple[str, str], ClusterObject]) -> list[str]:
    """Return a sentence for each entry whose Secret is somebody else's."""
    return [
        foreign_words(entry.where)
        for entry in entries
        if entry.creation_policy not in MERGING and _is_foreign(secrets.get((entry.namespace, entry.name)))
    ]


def owned_words(where: str, owner: str) -> str:
    """Return the sentence about an object of another owner."""
    return f"{where}: it belongs to the owner {owner}. Choose another name, or set this owner."


def others_secrets(entries: Sequence[Entry], secrets: Mapping[tuple[str, str], ClusterObject]) -> list[str]:
    """Return a sentence for each entry whose Secret another owner has pushed."""
    sentences: list[str] = []
    for entry in entries:
        secret = secrets.get((entry.namespace, entry.name))
        if secret is not None and is_pushed(secret) and owner_of(secret) != entry.owner:
            sentences.append(owned_words(entry.where, owner_of(secret)))
    return sentences


def foreign_words(where: str) -> str:
    """Return the sentence about a Secret that is somebody else's."""
    return f"{where}: a Secret of this name exists and is not managed by this role. Remove it, or choose another name."


def _is_foreign(secret: ClusterObject | None) -> bool:
    return secret is not None and not (is_managed(secret) or is_operated(secret))


def _leaving(
    entries: Sequence[Entry], secrets: Mapping[tuple[str, str], ClusterObject], pruned: str | None
) -> list[Step]:
    """Return the steps of Secrets that go.

    :arg pruned: the owner whose Secrets are pruned; None: nobody's are.
    """
    deliveries = {(entry.namespace, entry.name): entry.delivery for entry in entries}
    leaving: list[Step] = []
    for place in sorted(secrets):
        secret, delivery = secrets[place], deliveries.get(place)
        if not is_pushed(secret):
            continue
        if delivery == "external_secret":
            leaving.append(Step(*identity(secret), LET_GO, "the operator delivers it now", secret))
        elif delivery is None and owner_of(secret) == pruned:
            leaving.append(Step(*identity(secret), REMOVE, "no entry names it", secret))
    return leaving


def _step(entry: Entry, secret: ClusterObject | None, now: datetime, gone: Collection[str], *, renew: bool) -> Step:
    where = (entry.namespace, entry.name)
    if entry.kind.leases is None:
        return Step(*where, READ, "its values are read each time", secret, entry)
    reason = _due(entry, secret, now, gone)
    if reason is None and not renew:
        return Step(*where, KEEP, "it is fresh", secret, entry)
    return Step(*where, MINT, reason or "a renewal was requested", secret, entry)


def _due(entry: Entry, secret: ClusterObject | None, now: datetime, gone: Collection[str]) -> str | None:
    """Return why the entry needs a new lease; None: it does not."""
    if secret is None:
        return "there is no Secret"
    if is_operated(secret):
        return "it moves from the operator to push"
    if annotations_of(secret).get(DEFINITION) != fingerprint(entry):
        return "its definition has changed"
    lease = lease_of(secret)
    if lease is None or lease.expiration is None:
        return "its expiration is not known"
    if not data_is_ours(secret):
        return "its data was changed by someone else"
    if lease.expiration <= now:
        return "it has expired"
    if lease.id in gone:
        return GONE
    return "at most a quarter of its lifetime is left" if MARGIN.due(lease, now) else None
