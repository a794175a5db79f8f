# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving the operator what it needs, and saying beforehand what it will make of it.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster, Refusal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.causes import is_failing
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.drift import (
    Path,
    added,
    code_in,
    removal,
    without,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import references_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import SECRET
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.manifests import Manifest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    Found,
    is_of,
    lease_fields,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.naming import Standing
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.objects import Operated
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import (
    Outcome,
    differing,
    where,
    without_bookkeeping,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.push import shown
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import ONCE
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.status import Status
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import (
    Identity,
    identity_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.watching import TRIED_AGAIN, Watch

_LAST = 2
_NOTHING = Standing()
_NO_ONE: Mapping[Identity, str] = MappingProxyType({})


class Operating:
    """The operator's objects in one task.

    :arg manifests: all that should be there.
    :arg standing: what is there.
    """

    def __init__(self, cluster: Cluster, manifests: Sequence[Manifest], standing: Standing = _NOTHING) -> None:
        self._cluster = cluster
        self._manifests = manifests
        self._absent: Collection[str] = ()
        self._before = self._known(standing)
        self._actions: dict[Identity, str] = {}
        self._added = self._drifted()
        self._external = [one for one in manifests if one.operated.kind == "ExternalSecret"]
        # What is there shows at once what becomes of it.
        self._foretold = self._send([one for one in self._external if self._was_there(one)], dry_run=True)
        namespaces = {one.operated.namespace for one in self._external if one.operated.namespace}
        # What other runs have made is theirs to try again.
        involved = [self._before[one] for one in _identities(manifests) if one in self._before]
        self.watch = Watch(cluster, involved, namespaces)

    def _known(self, standing: Standing) -> dict[Identity, Found]:
        places = [
            (one.operated.namespace, one.operated.name) for one in self._manifests if one.operated.kind == "Secret"
        ]
        secrets = self._cluster.get_many(SECRET, places)
        found = [*standing.own, *(one for one in secrets if one is not None and is_of(standing.owner, one))]
        return {identity_of(one): one for one in found}

    def _drifted(self) -> dict[Identity, list[Path]]:
        """The fields that others have added to what is there."""
        there = [one for one in self._manifests if self._was_there(one) and one.operated.kind != "Secret"]
        found = {one.operated.identity: added(self._before[one.operated.identity], one.content) for one in there}
        return {identity: paths for identity, paths in found.items() if paths}

    def _was_there(self, one: Manifest) -> bool:
        return one.operated.identity in self._before

    @property
    def lines(self) -> list[str]:
        """The plan for a person: when the operator generates, and what makes it do so now."""
        return [self._line(one) for one in self._external]

    def _line(self, one: Manifest) -> str:
        own = one.operated
        line = f"{own.namespace}/{own.more['target']}: the operator's, {own.pace}"
        changes = self._changes(one)
        if not changes:
            return line
        is_done = own.more["refresh_policy"] == ONCE and not is_failing(self._before[own.identity])
        if is_done and own.identity not in self.coded():
            return f"{line}; it does not look again, so this changes nothing in the Secret: {', '.join(changes)}"
        verb = "reads it anew" if own.more["source"] == "static_secret" else "generates a new lease"
        return f"{line}; it {verb} now, because this changes: {', '.join(changes)}"

    def _changes(self, one: Manifest) -> list[str]:
        """The fields of an ExternalSecret that change, each of which makes the operator act (operator facts)."""
        answer = self._foretold.get(one.operated.identity)
        if answer is None or isinstance(answer, Refusal):
            return []
        before = without_bookkeeping(self._before[one.operated.identity])
        return sorted(_changed(before, without_bookkeeping(self._cleaned(one.operated.identity, answer))))

    def _cleaned(self, identity: Identity, answer: Any) -> Any:
        """The cluster's answer without what others have added, as it will be in the end."""
        paths = self._added.get(identity)
        return without(answer, paths) if paths and not isinstance(answer, Refusal) else answer

    def pending(self, secrets: Collection[tuple[str, str]]) -> list[Operated]:
        """The ExternalSecrets for which the operator will act.

        :arg secrets: namespace and name of those that are there.
        """
        return [one.operated for one in self._external if self._is_pending(one, secrets)]

    def coded(self) -> dict[Identity, Found]:
        """The ExternalSecrets that have generated once, and whose generator gets a new code of an MFA device."""
        known = {one.operated.identity: one.content for one in self._manifests}
        found = {}
        for one in self._external:
            before = self._before.get(one.operated.identity)
            if before is None or is_failing(before) or one.operated.more["refresh_policy"] != ONCE:
                continue
            generators = [place for place in references_of(one.content) if place in self._before and place in known]
            codes = [(code_in(known[place]), code_in(self._before[place])) for place in generators]
            if any(code and code != former for code, former in codes):
                found[one.operated.identity] = before
        return found

    def failing(self, identities: Collection[Identity]) -> list[Found]:
        """Those of these ExternalSecrets that are there and that fail, each attempt of which may be a lease."""
        mints = {one.operated.identity for one in self._external if one.operated.more["source"] != "static_secret"}
        there = [self._before[one] for one in sorted(identities) if one in self._before and one in mints]
        return [one for one in there if is_failing(one)]

    def idle(self, secrets: Collection[tuple[str, str]]) -> dict[Identity, Found]:
        """The ExternalSecrets that are there and at which the operator will not look by itself."""
        there = [one for one in self._external if self._was_there(one) and not self._is_pending(one, secrets)]
        return {one.operated.identity: self._before[one.operated.identity] for one in there}

    def renewed(self, external: Sequence[Identity]) -> None:
        """Take it that the operator has to look at these ExternalSecrets once more than before."""
        for identity in external:
            self._actions[identity] = "renewed"
            self.watch.expect(self._before[identity])

    def _is_pending(self, one: Manifest, secrets: Collection[tuple[str, str]]) -> bool:
        before = self._before.get(one.operated.identity)
        is_lacking = (one.operated.namespace, one.operated.more["target"]) not in secrets
        return before is None or is_lacking or is_failing(before) or bool(self._changes(one))

    def apply(
        self,
        outcome: Outcome,
        *,
        check_mode: bool,
        absent: Collection[str] = (),
        unmade: Collection[str] = (),
        barred: Mapping[Identity, str] = _NO_ONE,
    ) -> None:
        """Bring the objects about, those first that others refer to; what the cluster refuses is a problem.

        Metadata is stable, and applied by one manager: a changed one would make the operator generate again.

        :arg absent: namespaces that are not there yet, and in check mode will not be; ``unmade`` are refused.
        :arg barred: why ExternalSecrets must not be applied.
        """
        self._absent = absent
        outcome.problems.extend(barred.values())
        refused: set[str | None] = set(unmade)
        for wave in sorted(set(map(_wave, self._manifests))):
            wanted = [one for one in self._manifests if _wave(one) == wave]
            # Without what it refers to, it would only fail.
            failing = refused & {None} if wave == _LAST else set()
            held_back = [
                one for one in wanted if failing or one.operated.namespace in refused or one.operated.identity in barred
            ]
            for one in held_back:
                self._actions[one.operated.identity] = "failed"
            refused |= self._apply([one for one in wanted if one not in held_back], outcome, check_mode=check_mode)

    def _apply(self, wanted: Sequence[Manifest], outcome: Outcome, *, check_mode: bool) -> set[str | None]:
        """The namespaces in which something was refused."""
        there = [one for one in wanted if one.operated.namespace not in self._absent]
        fresh = [one for one in there if one.operated.identity not in self._foretold]
        foretold = {**self._foretold, **self._send(fresh, dry_run=True)}
        foretold = {identity: self._cleaned(identity, answer) for identity, answer in foretold.items()}
        changing = [one for one in wanted if self._differs(one, foretold.get(one.operated.identity))]
        if not check_mode:
            self._carry_out(changing, foretold)
        refused = set()
        for one in wanted:
            answer = foretold.get(one.operated.identity, one.content)
            if isinstance(answer, Refusal):
                refused.add(one.operated.namespace)
                outcome.problems.append(_foreign_words(one) if answer.exists else answer.words)
                self._actions[one.operated.identity] = "failed"
            elif one in changing:
                self._note(one, answer, outcome)
        return refused

    def _send(self, manifests: Sequence[Manifest], *, dry_run: bool) -> dict[Identity, Any]:
        """The cluster's answers; what was not there, or is somebody else's, is only created."""
        known = [one for one in manifests if one.operated.identity in self._before]
        fresh = [one for one in manifests if one.operated.identity not in self._before]
        applied = self._cluster.apply([one.content for one in known], dry_run=dry_run)
        made = self._cluster.create([one.content for one in fresh], dry_run=dry_run)
        return dict(zip(_identities([*known, *fresh]), [*applied, *made]))

    def _carry_out(self, changing: Sequence[Manifest], foretold: dict[Identity, Any]) -> None:
        """Do what was foretold and not refused; its answers take the place of those."""

        def possible() -> list[Manifest]:
            return [one for one in changing if not isinstance(foretold.get(one.operated.identity), Refusal)]

        foretold.update(self._send([one for one in possible() if self._is_applied(one)], dry_run=False))
        foretold.update(self._clean(possible()))

    def _is_applied(self, one: Manifest) -> bool:
        """Whether more than others' fields changes: each write of an ExternalSecret makes the operator act."""
        answer, before = self._foretold.get(one.operated.identity), self._before.get(one.operated.identity)
        if before is None or answer is None or one.operated.identity not in self._added:
            return True
        return without_bookkeeping(before) != without_bookkeeping(answer)

    def _clean(self, manifests: Sequence[Manifest]) -> dict[Identity, Any]:
        """The cluster's answers to the removal of what others have added."""
        drifted = [one for one in manifests if one.operated.identity in self._added]
        patches = [removal(one.content, self._added[one.operated.identity]) for one in drifted]
        return dict(zip(_identities(drifted), self._cluster.patch(patches) if patches else ()))

    def _differs(self, one: Manifest, answer: Any) -> bool:
        before = self._before.get(one.operated.identity)
        if before is None or answer is None or isinstance(answer, Refusal):
            return True
        return without_bookkeeping(before) != without_bookkeeping(answer)

    def _note(self, one: Manifest, answer: Found, outcome: Outcome) -> None:
        before = self._before.get(one.operated.identity)
        self._actions[one.operated.identity] = "created" if before is None else "updated"
        view = _secret_view if one.operated.kind == "Secret" else _object_view
        sides = (None, view(answer)) if before is None else differing(view(before), view(answer))
        outcome.differs(where(one.content), *sides)

    def report(self) -> list[dict[str, Any]]:
        """What happened to each entry that the operator delivers."""
        return [
            {
                "name": one.operated.more["target"],
                "namespace": one.operated.namespace,
                "keys": one.operated.more["keys"],
                "delivery": "external_secret",
                "action": self._actions.get(one.operated.identity, "kept"),
                "reason": f"the operator generates anew {one.operated.pace}",
                **lease_fields({}),
            }
            for one in self._external
        ]

    def applied(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of the entries whose ExternalSecret the cluster has taken."""
        return [
            entry
            for entry in entries
            if self._actions.get(("ExternalSecret", entry.namespace, entry.external_secret)) != "failed"
        ]

    def standing(self) -> list[Found]:
        """The manifests, without those that the cluster has not got."""
        return [one.content for one in self._manifests if self._actions.get(one.operated.identity) != "failed"]

    def turned(self, entries: Sequence[Entry]) -> list[Found]:
        """Those of the entries' ExternalSecrets, as they were, that now refer to another generator or store."""
        places = {("ExternalSecret", entry.namespace, entry.external_secret) for entry in entries}
        pairs = [(self._before.get(one.operated.identity), one) for one in self._external]
        return [
            before
            for before, one in pairs
            if before and one.operated.identity in places and references_of(before) - references_of(one.content)
        ]

    def made(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of the entries whose ExternalSecret is new."""
        return [
            entry
            for entry in entries
            if self._actions.get(("ExternalSecret", entry.namespace, entry.external_secret)) == "created"
        ]

    def wait(self, entries: Sequence[Entry], timeout: float, outcome: Outcome) -> list[Status]:
        """The states of the entries once the operator is done with them, or the time (in seconds) is over."""
        found = self.watch.wait(entries, timeout, self._actions)
        for one in self.watch.tried_again:
            outcome.differs(where(one), {"metadata": {}}, {"metadata": {"annotations": {TRIED_AGAIN: "now"}}})
        return found


def _wave(one: Manifest) -> int:
    """Its place in the order: the operator tries a store as soon as it sees it, and not soon again if that failed."""
    return {"Secret": 0, "ExternalSecret": _LAST}.get(one.operated.kind, 1)


def _identities(manifests: Sequence[Manifest]) -> list[Identity]:
    return [one.operated.identity for one in manifests]


def _changed(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """The paths of the fields that differ, no further down than both sides have them."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        yield from [path] if before != after else []
        return
    for name in {**before, **after}:
        yield from _changed(before.get(name), after.get(name), f"{path}.{name}" if path else name)


def _object_view(found: Found) -> dict[str, Any]:
    """An object without a code of an MFA device, which may still be good."""
    return {name: _without_codes(value) for name, value in without_bookkeeping(found).items()}


def _without_codes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: "(hidden)" if name == "tokenCode" else _without_codes(one) for name, one in value.items()}
    return value


def _secret_view(found: Found) -> dict[str, Any]:
    return shown(found, "(hidden)")


def _foreign_words(one: Manifest) -> str:
    return (
        f"{where(one.content)}: it exists and is not managed by this role. Remove it, choose another name for the "
        "entry, or give it the role's label if it is yours."
    )
