# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's objects in one task: what it is to get, what blocks that, and how it is applied."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ...module_utils._api.errors import StateError
from ...module_utils._kube.errors import ForbiddenError
from ...module_utils._kube.objects import Cluster, Refusal
from ...module_utils._marks import OPERATED_MARKS
from .._cluster.entries import Entry
from .._cluster.job import Job, Service
from .._cluster.outcome import Outcome, differing, where, without_bookkeeping
from .._cluster.pushed_secrets import shown
from .._cluster.removal import Identity, identity_of
from .._cluster.secrets import (
    EXTERNAL_SECRET,
    OPERATORS,
    SECRET,
    ClusterObject,
    identity,
    is_of,
    lease_fields,
    own_objects,
    references_of,
)
from .._cluster.source_kinds import SOURCES, STS_KEYS
from .._cluster.sources import SourceInfo
from .._cluster.spec import ONCE
from .manifests import FieldPath, Manifest, added, code_in, different, manifest_of, manifests_of, removal, without
from .names import Existing, others_objects, redirected, with_secret_names
from .objects import OperatorObject, operator_objects, users_of
from .secret_data import filled_in, renamed
from .status import TRIED_AGAIN, Status, Watch, is_failing

# The operator asks AWS alone, so neither site nor token is needed.
_NO_SERVICE = Service("https://api.invalid", "00000000-0000-4000-8000-000000000000", "", None, None)


@dataclass(frozen=True)
class DesiredObjects:
    """What the operator is to get.

    :arg service: with the names that its Secrets have here.
    :arg existing: what exists already.
    """

    manifests: Sequence[Manifest]
    service: Service
    existing: Existing


def read_existing(job: Job, external: Sequence[ClusterObject], *, sees_all: bool) -> Existing:
    """Read what exists of all kinds that the identity may see; a kind that the cluster does not serve has no objects.

    :arg external: everybody's ExternalSecrets, as far as they may be seen.
    """
    readers: list[ClusterObject] = []
    unseen: dict[str, ForbiddenError] = {}
    namespaces = {entry.namespace for entry in job.operated}
    kinds = [kind for kind in OPERATORS if kind is not EXTERNAL_SECRET] if namespaces else []
    for kind in kinds:
        try:
            readers += own_objects(job.cluster(), kind, namespaces) or ()
        except ForbiddenError as error:
            unseen[kind.kind] = error
    return Existing(external, readers, job.owner, sees_all, unseen)


def desired_objects(
    job: Job, sources: SourceInfo, others: Sequence[ClusterObject], existing: Existing
) -> DesiredObjects:
    """Return the manifests of all entries whose source exists.

    :arg others: the role's ExternalSecrets of other entries that stay.
    :raises ForbiddenError: the identity may not see a kind of which it is to make objects.
    :raises WorkloadCredentialsError: the operator would fail, or objects of others would change.
    """
    known = [entry for entry in job.operated if not sources.is_missing(entry)]
    service = _NO_SERVICE
    if any(entry.kind.needs_api for entry in known):
        service = with_secret_names(job.service(), existing, users_of(known, job.scope))
    objects = operator_objects(known, sources.dynamic, service, job.scope, others, existing)
    for kind in sorted({wanted.kind for wanted in objects} & existing.unseen.keys()):
        raise existing.unseen[kind]
    manifests = [
        _without_new_notes(manifest, service, job, existing)
        for manifest in manifests_of(objects, service, job.template)
    ]
    _check_owners(job, manifests, existing)
    return DesiredObjects(manifests, service, existing)


def unnamed(job: Job, external: Iterable[ClusterObject]) -> list[ClusterObject]:
    """Return the owner's ExternalSecrets that no entry names."""
    named = {(entry.namespace, entry.external_secret) for entry in job.entries}
    return [found for found in external if is_of(job.owner, found) and identity(found) not in named]


def _check_owners(job: Job, manifests: Sequence[Manifest], existing: Existing) -> None:
    """Raise StateError if objects of others would change."""
    own = {(entry.namespace, entry.external_secret) for entry in job.operated}
    wanted = [manifest.content for manifest in manifests if manifest.kind != "Secret"]
    problems = others_objects(wanted, existing) or redirected(wanted, own, existing)
    if problems:
        raise StateError(" ".join(problems))


def _without_new_notes(manifest: Manifest, service: Service, job: Job, existing: Existing) -> Manifest:
    """Return the manifest as an earlier version of the role made it, where that is what exists.

    That version let the operator note no leases. Each change is a new lease, and neither notes nor other names of keys
    are worth one.
    """
    current = existing.find(*identity_of(manifest.content))
    has_notes = current is not None and OPERATED_MARKS[1] in str(current.get("spec"))
    if current is None or has_notes or not manifest.wanted.more.get("lease_annotations"):
        return manifest
    without_notes = replace(manifest.wanted, more={**manifest.wanted.more, "lease_annotations": {}, "rewrite": []})
    former = manifest_of(without_notes, service, job.template)
    is_former = not any(different(former.content, current)) and not added(current, former.content)
    return former if is_former else manifest


# Of these types the cluster parses the value.
_JSON_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")
Secrets = Mapping["tuple[str, str]", ClusterObject]


def blocked_writes(
    cluster: Cluster,
    pending: Sequence[OperatorObject],
    operated: Sequence[Entry],
    sources: SourceInfo,
    secrets: Secrets,
) -> dict[Identity, str]:
    """Return why the operator could not write Secrets, by their ExternalSecrets.

    :arg pending: the ExternalSecrets on which the operator is about to act.
    :arg secrets: the existing ones, by namespace and name.
    """
    entry_of = {(entry.namespace, entry.external_secret): entry for entry in operated}
    problems: dict[Identity, str] = {}
    updates: dict[Identity, dict[str, Any]] = {}
    creations: dict[Identity, dict[str, Any]] = {}
    for external in pending:
        entry = entry_of[external.namespace or "", external.name]
        secret = secrets.get((entry.namespace, entry.name))
        problem = _untouchable(external, entry, secret)
        trial = _trial(external, entry, sources, exists=secret is not None)
        if problem:
            problems[external.identity] = problem
        elif trial is not None:
            trials = creations if secret is None else updates
            trials[external.identity] = trial
    answers = cluster.apply([*updates.values()], dry_run=True) + cluster.create([*creations.values()], dry_run=True)
    for place, answer in zip([*updates, *creations], answers):
        if isinstance(answer, Refusal) and not _concerns_role_only(answer):
            problems[place] = f"{answer.words} The operator would generate again and again."
    return problems


def _concerns_role_only(refusal: Refusal) -> bool:
    """Return whether a refusal does not mean that the operator would be refused, too."""
    is_rbac = refusal.status == 403 and " may not " in refusal.words
    is_leaving = "its namespace is being deleted" in refusal.words
    return is_rbac or is_leaving or refusal.exists or refusal.may_be_done or refusal.status == 409


def _untouchable(external: OperatorObject, entry: Entry, secret: ClusterObject | None) -> str | None:
    """Return why the operator would not touch the Secret, or why it needs one; None: it will write it."""
    if secret is None:
        is_merging = entry.creation_policy == "Merge"
        return f"{entry.where}: there is no Secret to merge into (creation_policy Merge)." if is_merging else None
    if entry.creation_policy != "Owner":
        return None
    for owner in secret["metadata"].get("ownerReferences") or ():
        is_other = (owner.get("kind"), owner.get("name")) != ("ExternalSecret", external.name)
        if owner.get("controller") and is_other:
            return f"{entry.where}: the Secret belongs to {owner.get('kind')} {owner.get('name')}. Choose another name."
    return None


def _trial(external: OperatorObject, entry: Entry, sources: SourceInfo, *, exists: bool) -> dict[str, Any] | None:
    """Return the Secret as the operator will write it, with placeholders for what it mints; None: that is not known."""
    texts = _values(entry, sources)
    template: Mapping[str, str] = external.more["template_data"]
    if template:
        texts = {target: filled_in(text, texts) for target, text in template.items()}
    if None in texts.values() and entry.type in _JSON_TYPES:
        return None
    data = {key: base64.b64encode((text or "x").encode()).decode() for key, text in texts.items()}
    metadata = {"name": entry.name, "namespace": entry.namespace}
    trial = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
    if template or entry.type != "Opaque" or not exists:
        trial["type"] = entry.type
    return trial


def _values(entry: Entry, sources: SourceInfo) -> dict[str, str | None]:
    """Return the texts that the operator will get from the source, by key."""
    source = sources.sources.get(entry.key)
    if source is None:
        return dict.fromkeys(STS_KEYS, "x")
    texts: dict[str, str | None] = {}
    for key, value in source.placeholder().values.items():
        name = renamed(key) if entry.kind.is_stored else key
        texts[name] = value if isinstance(value, str) else json.dumps(value)
    return texts


_LAST = 2
_NOTHING = Existing()
_NONE_BLOCKED: Mapping[Identity, str] = MappingProxyType({})


class Rollout:
    """The operator's objects in one task: predicted by dry runs, applied, and waited for.

    :arg manifests: all that should exist.
    :arg existing: what exists.
    """

    def __init__(self, cluster: Cluster, manifests: Sequence[Manifest], existing: Existing = _NOTHING) -> None:
        self._cluster = cluster
        self._manifests = manifests
        self._absent: Collection[str] = ()
        self._before = self._read(existing)
        self._actions: dict[Identity, str] = {}
        self._added = self._added_by_others()
        self._external = [manifest for manifest in manifests if manifest.kind == "ExternalSecret"]
        # A dry run on what exists tells at once how it will change.
        self._predicted = self._send([manifest for manifest in self._external if self._exists(manifest)], dry_run=True)
        namespaces = {manifest.namespace for manifest in self._external if manifest.namespace}
        # What other runs have made is theirs to try again.
        involved = [self._before[place] for place in _identities(manifests) if place in self._before]
        self.watch = Watch(cluster, involved, namespaces)

    def _read(self, existing: Existing) -> dict[Identity, ClusterObject]:
        places = [
            (manifest.namespace, manifest.wanted.name) for manifest in self._manifests if manifest.kind == "Secret"
        ]
        secrets = self._cluster.get_many(SECRET, places)
        own = [secret for secret in secrets if secret is not None and is_of(existing.owner, secret)]
        return {identity_of(found): found for found in (*existing.own, *own)}

    def _added_by_others(self) -> dict[Identity, list[FieldPath]]:
        """Return the fields that others have added to what exists."""
        fields = {}
        for manifest in self._manifests:
            if self._exists(manifest) and manifest.kind != "Secret":
                paths = added(self._before[manifest.identity], manifest.content)
                if paths:
                    fields[manifest.identity] = paths
        return fields

    def _exists(self, manifest: Manifest) -> bool:
        return manifest.identity in self._before

    @property
    def lines(self) -> list[str]:
        """The plan for a person: when the operator generates, and what makes it do so now."""
        return [self._line(manifest) for manifest in self._external]

    def _line(self, manifest: Manifest) -> str:
        wanted = manifest.wanted
        line = f"{wanted.namespace}/{wanted.more['target']}: the operator's, {wanted.schedule}"
        changes = self._changes(manifest)
        if not changes:
            return line
        is_done = wanted.more["refresh_policy"] == ONCE and not is_failing(self._before[wanted.identity])
        if is_done and wanted.identity not in self.with_new_codes():
            return f"{line}; it does not refresh, so this changes nothing in the Secret: {', '.join(changes)}"
        verb = "reads it again" if SOURCES[wanted.more["source"]].is_stored else "generates a new lease"
        return f"{line}; it {verb} now, because this changes: {', '.join(changes)}"

    def _changes(self, manifest: Manifest) -> list[str]:
        """Return the fields of an ExternalSecret that change, each of which makes the operator act (operator facts)."""
        answer = self._predicted.get(manifest.identity)
        if answer is None or isinstance(answer, Refusal):
            return []
        before = without_bookkeeping(self._before[manifest.identity])
        return sorted(_changed(before, without_bookkeeping(self._cleaned(manifest.identity, answer))))

    def _cleaned(self, identity: Identity, answer: Any) -> Any:
        """Return the cluster's answer without what others have added, which is removed in the end."""
        paths = self._added.get(identity)
        return without(answer, paths) if paths and not isinstance(answer, Refusal) else answer

    def pending(self, secrets: Collection[tuple[str, str]]) -> list[OperatorObject]:
        """Return the ExternalSecrets on which the operator will act.

        :arg secrets: namespace and name of existing ones.
        """
        return [manifest.wanted for manifest in self._external if self._is_pending(manifest, secrets)]

    def _is_pending(self, manifest: Manifest, secrets: Collection[tuple[str, str]]) -> bool:
        before = self._before.get(manifest.identity)
        has_secret = (manifest.namespace, manifest.wanted.more["target"]) in secrets
        return before is None or not has_secret or is_failing(before) or bool(self._changes(manifest))

    def idle(self, secrets: Collection[tuple[str, str]]) -> dict[Identity, ClusterObject]:
        """Return the existing ExternalSecrets on which the operator will not act by itself."""
        idle = {}
        for manifest in self._external:
            if self._exists(manifest) and not self._is_pending(manifest, secrets):
                idle[manifest.identity] = self._before[manifest.identity]
        return idle

    def with_new_codes(self) -> dict[Identity, ClusterObject]:
        """Return the ExternalSecrets that have generated once, and whose generator gets a new code of an MFA device."""
        manifests = {manifest.identity: manifest.content for manifest in self._manifests}
        coded = {}
        for external in self._external:
            before = self._before.get(external.identity)
            has_generated = before is not None and not is_failing(before)
            if not has_generated or external.wanted.more["refresh_policy"] != ONCE:
                continue
            if any(self._has_new_code(place, manifests) for place in references_of(external.content)):
                coded[external.identity] = self._before[external.identity]
        return coded

    def _has_new_code(self, generator: Identity, manifests: Mapping[Identity, ClusterObject]) -> bool:
        if generator not in self._before or generator not in manifests:
            return False
        code = code_in(manifests[generator])
        return bool(code) and code != code_in(self._before[generator])

    def failing(self, identities: Collection[Identity]) -> list[ClusterObject]:
        """Return those of these ExternalSecrets that exist and fail, each attempt of which may be a lease."""
        minting = {manifest.identity for manifest in self._external if SOURCES[manifest.wanted.more["source"]].leases}
        existing = [self._before[place] for place in sorted(identities) if place in self._before and place in minting]
        return [external for external in existing if is_failing(external)]

    def expect_renewal(self, external: Sequence[Identity]) -> None:
        """Count these ExternalSecrets as ready only once the operator has refreshed them again."""
        for renewed in external:
            self._actions[renewed] = "renewed"
            self.watch.expect(self._before[renewed])

    def apply(
        self,
        outcome: Outcome,
        *,
        check_mode: bool,
        absent: Collection[str] = (),
        unmade: Collection[str] = (),
        blocked: Mapping[Identity, str] = _NONE_BLOCKED,
    ) -> None:
        """Apply the objects, those first that others refer to; what the cluster refuses is a problem.

        Metadata is stable, and applied by one manager: a changed one would make the operator generate again.

        :arg absent: namespaces that do not exist yet, and in check mode will not; ``unmade`` could not be created.
        :arg blocked: why ExternalSecrets must not be applied.
        """
        self._absent = absent
        outcome.problems.extend(blocked.values())
        refused: set[str | None] = set(unmade)
        for wave in sorted(set(map(_wave, self._manifests))):
            ready = []
            for manifest in self._manifests:
                # It would only fail without what it refers to, which may belong to no namespace.
                is_held_back = not refused.isdisjoint((manifest.namespace, None)) or manifest.identity in blocked
                if is_held_back and _wave(manifest) == wave:
                    self._actions[manifest.identity] = "failed"
                elif _wave(manifest) == wave:
                    ready.append(manifest)
            refused |= self._apply_wave(ready, outcome, check_mode=check_mode)

    def _apply_wave(self, wanted: Sequence[Manifest], outcome: Outcome, *, check_mode: bool) -> set[str | None]:
        """Apply objects that do not refer to each other, and return the namespaces in which one was refused."""
        answers = self._dry_run(wanted)
        changing = [manifest for manifest in wanted if self._differs(manifest, answers.get(manifest.identity))]
        if not check_mode:
            self._carry_out(changing, answers)
        refused = set()
        for manifest in wanted:
            answer = answers.get(manifest.identity, manifest.content)
            if isinstance(answer, Refusal):
                refused.add(manifest.namespace)
                outcome.problems.append(_foreign_words(manifest) if answer.exists else answer.words)
                self._actions[manifest.identity] = "failed"
            elif manifest in changing:
                self._note(manifest, answer, outcome)
        return refused

    def _dry_run(self, wanted: Sequence[Manifest]) -> dict[Identity, Any]:
        """Return the cluster's answers to a dry run, so far as the namespaces exist."""
        fresh = [manifest for manifest in wanted if manifest.identity not in self._predicted]
        fresh = [manifest for manifest in fresh if manifest.namespace not in self._absent]
        answers = {**self._predicted, **self._send(fresh, dry_run=True)}
        return {identity: self._cleaned(identity, answer) for identity, answer in answers.items()}

    def _send(self, manifests: Sequence[Manifest], *, dry_run: bool) -> dict[Identity, Any]:
        """Return the cluster's answers; what did not exist, or belongs to somebody else, is only created."""
        known = [manifest for manifest in manifests if self._exists(manifest)]
        fresh = [manifest for manifest in manifests if not self._exists(manifest)]
        applied = self._cluster.apply([manifest.content for manifest in known], dry_run=dry_run)
        created = self._cluster.create([manifest.content for manifest in fresh], dry_run=dry_run)
        return dict(zip(_identities([*known, *fresh]), [*applied, *created]))

    def _carry_out(self, changing: Sequence[Manifest], answers: dict[Identity, Any]) -> None:
        """Do what the dry run did not refuse; the new answers replace the dry run's."""
        due = [manifest for manifest in _accepted(changing, answers) if self._needs_apply(manifest)]
        answers.update(self._send(due, dry_run=False))
        answers.update(self._clean(_accepted(changing, answers)))

    def _needs_apply(self, manifest: Manifest) -> bool:
        """Return whether more changes than others' fields: each write of an ExternalSecret makes the operator act."""
        answer, before = self._predicted.get(manifest.identity), self._before.get(manifest.identity)
        if before is None or answer is None or manifest.identity not in self._added:
            return True
        return without_bookkeeping(before) != without_bookkeeping(answer)

    def _clean(self, manifests: Sequence[Manifest]) -> dict[Identity, Any]:
        """Remove what others have added, and return the cluster's answers."""
        drifted = [manifest for manifest in manifests if manifest.identity in self._added]
        patches = [removal(manifest.content, self._added[manifest.identity]) for manifest in drifted]
        return dict(zip(_identities(drifted), self._cluster.patch(patches) if patches else ()))

    def _differs(self, manifest: Manifest, answer: Any) -> bool:
        before = self._before.get(manifest.identity)
        if before is None or answer is None or isinstance(answer, Refusal):
            return True
        return without_bookkeeping(before) != without_bookkeeping(answer)

    def _note(self, manifest: Manifest, answer: ClusterObject, outcome: Outcome) -> None:
        before = self._before.get(manifest.identity)
        self._actions[manifest.identity] = "created" if before is None else "updated"
        view = _secret_view if manifest.kind == "Secret" else _object_view
        sides = (None, view(answer)) if before is None else differing(view(before), view(answer))
        outcome.differs(where(manifest.content), *sides)

    def report(self) -> list[dict[str, Any]]:
        """Return what happened to each entry that the operator delivers."""
        return [
            {
                "name": manifest.wanted.more["target"],
                "namespace": manifest.namespace,
                "keys": manifest.wanted.more["keys"],
                "delivery": "external_secret",
                "action": self._actions.get(manifest.identity, "kept"),
                "reason": f"the operator generates again {manifest.wanted.schedule}",
                **lease_fields({}),
            }
            for manifest in self._external
        ]

    def applied(self, operated: Sequence[Entry]) -> list[Entry]:
        """Return those of the entries whose ExternalSecret the cluster has accepted."""
        return [entry for entry in operated if self._actions.get(entry.external_identity) != "failed"]

    def created(self, operated: Sequence[Entry]) -> list[Entry]:
        """Return those of the entries whose ExternalSecret is new."""
        return [entry for entry in operated if self._actions.get(entry.external_identity) == "created"]

    def applied_objects(self) -> list[ClusterObject]:
        """Return the manifests that the cluster has accepted."""
        accepted = [manifest for manifest in self._manifests if self._actions.get(manifest.identity) != "failed"]
        return [manifest.content for manifest in accepted]

    def turned(self, operated: Sequence[Entry]) -> list[ClusterObject]:
        """Return those of the entries' ExternalSecrets, as they were, that now refer to another generator or store."""
        places = {entry.external_identity for entry in operated}
        turned = []
        for manifest in self._external:
            before = self._before.get(manifest.identity)
            if before is None or manifest.identity not in places:
                continue
            if references_of(before) - references_of(manifest.content):
                turned.append(before)
        return turned

    def wait(self, operated: Sequence[Entry], timeout: float, outcome: Outcome) -> list[Status]:
        """Return the states of the entries once the operator is done with them, or the time (in seconds) is over."""
        states = self.watch.wait(operated, timeout, self._actions)
        for retried in self.watch.tried_again:
            outcome.differs(where(retried), {"metadata": {}}, {"metadata": {"annotations": {TRIED_AGAIN: "now"}}})
        return states


def _accepted(manifests: Sequence[Manifest], answers: Mapping[Identity, Any]) -> list[Manifest]:
    return [manifest for manifest in manifests if not isinstance(answers.get(manifest.identity), Refusal)]


def _wave(manifest: Manifest) -> int:
    """Return its place in the order: the operator tries a store at once, and after a failure not soon again."""
    return {"Secret": 0, "ExternalSecret": _LAST}.get(manifest.kind, 1)


def _identities(manifests: Sequence[Manifest]) -> list[Identity]:
    return [manifest.identity for manifest in manifests]


def _changed(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Return the paths of the fields that differ, no further down than both sides have them."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        yield from [path] if before != after else []
        return
    for name in {**before, **after}:
        yield from _changed(before.get(name), after.get(name), f"{path}.{name}" if path else name)


def _object_view(content: ClusterObject) -> dict[str, Any]:
    """Return an object without a code of an MFA device, which may still be valid."""
    return {name: _without_codes(value) for name, value in without_bookkeeping(content).items()}


def _without_codes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: "(hidden)" if name == "tokenCode" else _without_codes(inner) for name, inner in value.items()}
    return value


def _secret_view(secret: ClusterObject) -> dict[str, Any]:
    return shown(secret, "(hidden)")


def _foreign_words(manifest: Manifest) -> str:
    return (
        f"{where(manifest.content)}: it exists and is not managed by this role. Remove it, choose another name for the "
        "entry, or give it the role's label if it is yours."
    )
