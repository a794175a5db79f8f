# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about each Secret, and why: decided from entries and metadata alone."""

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

# A pushed lease is renewed in its last quarter, and so are the operator's.
MARGIN = Margin(part=0.25)
GONE = "its lease has ended before its time"
KEEP, MINT, READ, LET_GO, REMOVE = "keep", "mint", "read", "let_go", "remove"
MERGING = ("Merge", "CreateOrMerge")


@dataclass(frozen=True)
class Step:
    """One Secret's part of the plan.

    :arg action: KEEP, MINT or READ for an entry that is pushed; LET_GO for a Secret that was pushed and is the
        operator's now; REMOVE for one that no entry names.
    :arg found: the Secret's metadata as it is, None where there is none.
    :arg entry: None where no entry is pushed into it.
    """

    namespace: str
    name: str
    action: str
    reason: str
    found: ClusterObject | None
    entry: Entry | None = None

    @property
    def where(self) -> str:
        """As messages name it."""
        return f"{self.namespace}/{self.name}"

    @property
    def line(self) -> str:
        """The plan's line for a person."""
        return f"{self.where}: {self.action}, {self.reason}"

    @property
    def is_operated(self) -> bool:
        """Whether the operator writes the Secret so far."""
        return self.found is not None and is_operated(self.found)

    @property
    def moving_to(self) -> str | None:
        """The ExternalSecret that was to take the Secret over, and has not done so."""
        return annotations_of(self.found).get(MOVING) if self.found is not None else None

    @property
    def supersedes(self) -> Lease | None:
        """The lease that nobody needs once this step is done."""
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
    """The plan: a step for each entry that is pushed, in their order, and then one for each Secret that goes.

    :arg secrets: the role's Secrets and those that the entries name, with their metadata.
    :arg gone: IDs of leases that have ended before their time.
    :arg renew: mint for every entry.
    :arg prune: remove what was pushed for this owner and no entry names.
    """
    found = named(secrets)
    pushed = [(entry, found.get((entry.namespace, entry.name))) for entry in entries if entry.is_pushed]
    steps = [_step(entry, secret, now, gone, renew=renew) for entry, secret in pushed]
    return steps + list(_leaving(entries, found, owner if prune else None))


def foreign(entries: Sequence[Entry], secrets: Mapping[tuple[str, str], ClusterObject]) -> list[str]:
    """A sentence for each entry whose Secret is somebody else's."""
    return [
        foreign_words(entry.where)
        for entry in entries
        if entry.creation_policy not in MERGING and _is_foreign(secrets.get((entry.namespace, entry.name)))
    ]


def owned_words(where: str, owner: str) -> str:
    """What is said of what is another owner's."""
    return f"{where}: it belongs to the owner {owner}. Choose another name, or the owner that it has."


def others_secrets(entries: Sequence[Entry], secrets: Mapping[tuple[str, str], ClusterObject]) -> list[str]:
    """A sentence for each entry whose Secret another owner has pushed."""
    found = ((entry, secrets.get((entry.namespace, entry.name))) for entry in entries)
    return [
        owned_words(entry.where, owner_of(secret))
        for entry, secret in found
        if secret is not None and is_pushed(secret) and owner_of(secret) != entry.owner
    ]


def foreign_words(where: str) -> str:
    """What is said of a Secret that is somebody else's."""
    return f"{where}: a Secret of this name exists and is not managed by this role. Remove it, or choose another name."


def _is_foreign(secret: ClusterObject | None) -> bool:
    return secret is not None and not (is_managed(secret) or is_operated(secret))


def _leaving(
    entries: Sequence[Entry], found: Mapping[tuple[str, str], ClusterObject], pruned: str | None
) -> list[Step]:
    """The Secrets that go.

    :arg pruned: whose Secrets are pruned; None: nobody's.
    """
    deliveries = {(entry.namespace, entry.name): entry.delivery for entry in entries}
    leaving = []
    for key in sorted(found):
        secret, delivery = found[key], deliveries.get(key)
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
    reason = _due(entry, secret, now, gone) or ("it is asked to be renewed" if renew else None)
    return Step(*where, MINT if reason else KEEP, reason or "it is fresh", secret, entry)


def _due(entry: Entry, secret: ClusterObject | None, now: datetime, gone: Collection[str]) -> str | None:
    """Why the entry needs a new lease; None: it does not."""
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
        return "its data was changed by somebody else"
    if lease.expiration <= now:
        return "it has expired"
    if lease.id in gone:
        return GONE
    return "no more than a quarter of its life is left" if MARGIN.due(lease, now) else None
