# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving the operator what it needs, tried before without values, and saying beforehand what it will make of it.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ...module_utils._api.errors import DeniedError, OptionError, StateError, WorkloadCredentialsError
from ...module_utils._api.request import Request
from ...module_utils._kube.errors import ForbiddenError
from ...module_utils._kube.objects import Cluster, Refusal
from ...module_utils._marks import OPERATED_MARKS
from .._cluster.entries import Entry
from .._cluster.job import Job, Reference, Service
from .._cluster.outcome import Outcome, differing, where, without_bookkeeping
from .._cluster.pushed_secrets import shown
from .._cluster.removal import Identity, identity_of
from .._cluster.secrets import (
    EXTERNAL_SECRET,
    OPERATORS,
    SECRET,
    ClusterObject,
    is_of,
    labels_of,
    lease_fields,
    own_objects,
    references_of,
)
from .._cluster.source_kinds import SOURCES, STS_KEYS
from .._cluster.sources import SourceInfo
from .._cluster.spec import ONCE
from .manifests import FieldPath, Manifest, added, code_in, different, manifest_of, manifests_of, removal, without
from .names import Standing, others_objects, redirected, with_names
from .objects import Operated, operator_objects, users_of
from .secret_data import filled_in, renamed
from .status import TRIED_AGAIN, Status, Watch, is_failing

# Without it generators of the kind Webhook may not read a Secret (operator facts, "Objects").
WEBHOOK_LABEL = ("external-secrets.io/type", "webhook")


@dataclass(frozen=True)
class KeptSecrets:
    """One place where the operator reads what the user keeps."""

    namespace: str
    reference: Reference
    is_token: bool


def kept_places(job: Job, service: Service) -> list[KeptSecrets]:
    """All of them: in each namespace with generators or stores, and for a ClusterSecretStore where the user says."""
    return [
        KeptSecrets(namespace, one, one is service.token)
        for one in service.kept
        for namespace in sorted({_home(one, user, job) for user in users_of(job.operated, job.scope)})
    ]


def _home(one: Reference, user: str, job: Job) -> str:
    is_shared = job.scope.cluster and user == job.scope.namespace
    return one.namespace or user if is_shared else user


def absent_kept(job: Job, service: Service, manifests: Sequence[Manifest]) -> list[str]:
    """A sentence for each such Secret that is not there, or that a generator may not read."""
    places = [one for one in kept_places(job, service) if one.reference.kind == "Secret"]
    try:
        wanted = [(one.namespace, one.reference.name) for one in places]
        found = job.cluster().get_many(SECRET, wanted, metadata_only=True) if places else []
    except ForbiddenError:
        # Who may not read them leaves it to the operator to say.
        return []
    webhooks = {one.operated.namespace for one in manifests if one.operated.template == "generator_webhook"}
    # A ClusterGenerator reads in the namespace of whoever uses it.
    if any(_is_shared_webhook(one) for one in manifests):
        webhooks |= users_of(job.operated, job.scope)
    return [words for one, secret in zip(places, found) for words in _problems(one, secret, one.namespace in webhooks)]


def _is_shared_webhook(one: Manifest) -> bool:
    return getattr(one.operated.more.get("generator"), "template", None) == "generator_webhook"


def _problems(one: KeptSecrets, secret: ClusterObject | None, is_for_webhooks: bool) -> Iterator[str]:
    option = "operator_token_secret" if one.is_token else "ca_secret"
    where = f"{option}: the Secret {one.namespace}/{one.reference.name}"
    if secret is None:
        yield f"{where} is not there."
    elif one.is_token and is_for_webhooks and WEBHOOK_LABEL not in labels_of(secret).items():
        yield f"{where} needs the label {'='.join(WEBHOOK_LABEL)}, or the operator does not let a Webhook read it."


# As Go reads it: each line of it at the beginning of a line.
_BLOCK = re.compile(r"^-----BEGIN CERTIFICATE-----\r?$.*?^-----END CERTIFICATE-----\r?$", re.MULTILINE | re.DOTALL)


def check_pem(text: str, option: str) -> None:
    """:raises OptionError: there is no certificate in it that the operator could read."""
    blocks = _BLOCK.findall(text)
    if not blocks:
        indented = re.search(r"^[ \t]+-----BEGIN", text, re.MULTILINE)
        why = "its lines are indented" if indented else "there is no whole block BEGIN CERTIFICATE to END CERTIFICATE"
        raise OptionError(option, f"the operator cannot read this PEM text: {why}.")
    for number, block in enumerate(blocks, 1):
        try:
            ssl.create_default_context(cadata=block)
        except (ssl.SSLError, ValueError):
            raise OptionError(option, f"certificate {number} of {len(blocks)} in it is not valid.") from None


def tried(job: Job, service: Service) -> str | None:
    """Why the operator could not work with what the role hands over; None: it can, or the user keeps it all."""
    is_needed = any(entry.kind.needs_api for entry in job.operated)
    if not is_needed or not (service.access_token or service.ca_cert):
        return None
    own = job.client().settings
    settings = replace(own, ca_cert=service.ca_cert or own.ca_cert, validate_certs=True)
    if service.access_token:
        settings = replace(settings, access_token=service.access_token, access_token_file=None)
    from ...module_utils._api.client import Client

    try:
        if service.ca_cert:
            check_pem(service.ca_cert, "ca")
        Client(settings).get(Request("GET", "/session"))
    except DeniedError:
        # The token is known, and may not ask this.
        return None
    except WorkloadCredentialsError as error:
        return f"The token and the CA for the operator were tried, and are not handed over. {error}"
    return None


# Of these the cluster reads the value.
_JSON_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")
Secrets = Mapping["tuple[str, str]", ClusterObject]


def barred(
    cluster: Cluster, external: Sequence[Operated], entries: Sequence[Entry], asked: SourceInfo, secrets: Secrets
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


def _foreign(one: Operated, entry: Entry, secret: ClusterObject | None) -> str | None:
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


def _trial(one: Operated, entry: Entry, asked: SourceInfo, *, is_there: bool) -> dict[str, Any] | None:
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


def _values(entry: Entry, asked: SourceInfo) -> dict[str, str | None]:
    source = asked.sources.get(entry.key)
    if source is None:
        return dict.fromkeys(STS_KEYS, "x")
    given = source.placeholder().values
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in given.items()}
    return {renamed(key) if entry.kind.is_stored else key: text for key, text in texts.items()}


# The operator asks AWS alone, so that neither site nor token is needed.
_NO_SERVICE = Service("https://api.invalid", "00000000-0000-4000-8000-000000000000", "", None, None)


@dataclass(frozen=True)
class Operation:
    """What the operator is to get.

    :arg service: with the names that its Secrets have here.
    :arg standing: what there is.
    """

    manifests: Sequence[Manifest]
    service: Service
    standing: Standing


def standing_in(job: Job, external: Sequence[ClusterObject], *, sees_all: bool) -> Standing:
    """What there is of what may be seen; a kind that nobody serves has no objects.

    :arg external: everybody's ExternalSecrets, as far as they may be seen.
    """
    found: list[ClusterObject] = []
    unseen: dict[str, ForbiddenError] = {}
    namespaces = {entry.namespace for entry in job.operated}
    for kind in OPERATORS if namespaces else ():
        if kind is EXTERNAL_SECRET:
            continue
        try:
            found += own_objects(job.cluster(), kind, namespaces) or ()
        except ForbiddenError as error:
            unseen[kind.kind] = error
    return Standing(external, found, job.owner, sees_all, unseen)


def operation_of(job: Job, asked: SourceInfo, others: Sequence[ClusterObject], standing: Standing) -> Operation:
    """The manifests of all entries whose source is there.

    :arg others: the role's ExternalSecrets of other entries that stay.
    :arg standing: what there is.
    :raises ForbiddenError: the identity may not see a kind of which it is to make objects.
    :raises WorkloadCredentialsError: the operator would fail, or others would be hurt.
    """
    entries = [entry for entry in job.operated if not asked.is_missing(entry)]
    asks_api = any(entry.kind.needs_api for entry in entries)
    service = with_names(job.service(), standing, users_of(entries, job.scope)) if asks_api else _NO_SERVICE
    objects = operator_objects(entries, asked.dynamic, service, job.scope, others, standing)
    for kind in sorted({one.kind for one in objects} & standing.unseen.keys()):
        raise standing.unseen[kind]
    manifests = [_former(one, service, job, standing) or one for one in manifests_of(objects, service, job.template)]
    own = {(entry.namespace, entry.external_secret) for entry in job.operated}
    wanted = [one.content for one in manifests if one.operated.kind != "Secret"]
    problems = others_objects(wanted, standing) or redirected(wanted, own, standing)
    if problems:
        raise StateError(" ".join(problems))
    return Operation(manifests, service, standing)


def _former(one: Manifest, service: Service, job: Job, standing: Standing) -> Manifest | None:
    """The manifest of an ExternalSecret from before the operator took notes of its leases, if nothing else changes.

    Each change is a new lease, and notes alone are not worth one, nor are names of keys that it has got so far.
    """
    found = standing.find(*identity_of(one.content))
    if not one.operated.more.get("lease_annotations") or found is None or OPERATED_MARKS[1] in str(found.get("spec")):
        return None
    without_notes = replace(one.operated, more={**one.operated.more, "lease_annotations": {}, "rewrite": []})
    former = manifest_of(without_notes, service, job.template)
    return None if any(different(former.content, found)) or added(found, former.content) else former


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

    def _known(self, standing: Standing) -> dict[Identity, ClusterObject]:
        places = [
            (one.operated.namespace, one.operated.name) for one in self._manifests if one.operated.kind == "Secret"
        ]
        secrets = self._cluster.get_many(SECRET, places)
        found = [*standing.own, *(one for one in secrets if one is not None and is_of(standing.owner, one))]
        return {identity_of(one): one for one in found}

    def _drifted(self) -> dict[Identity, list[FieldPath]]:
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
        verb = "reads it anew" if SOURCES[own.more["source"]].is_stored else "generates a new lease"
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

    def coded(self) -> dict[Identity, ClusterObject]:
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

    def failing(self, identities: Collection[Identity]) -> list[ClusterObject]:
        """Those of these ExternalSecrets that are there and that fail, each attempt of which may be a lease."""
        mints = {one.operated.identity for one in self._external if SOURCES[one.operated.more["source"]].leases}
        there = [self._before[one] for one in sorted(identities) if one in self._before and one in mints]
        return [one for one in there if is_failing(one)]

    def idle(self, secrets: Collection[tuple[str, str]]) -> dict[Identity, ClusterObject]:
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

    def _note(self, one: Manifest, answer: ClusterObject, outcome: Outcome) -> None:
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

    def standing(self) -> list[ClusterObject]:
        """The manifests, without those that the cluster has not got."""
        return [one.content for one in self._manifests if self._actions.get(one.operated.identity) != "failed"]

    def turned(self, entries: Sequence[Entry]) -> list[ClusterObject]:
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


def _object_view(found: ClusterObject) -> dict[str, Any]:
    """An object without a code of an MFA device, which may still be good."""
    return {name: _without_codes(value) for name, value in without_bookkeeping(found).items()}


def _without_codes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: "(hidden)" if name == "tokenCode" else _without_codes(one) for name, one in value.items()}
    return value


def _secret_view(found: ClusterObject) -> dict[str, Any]:
    return shown(found, "(hidden)")


def _foreign_words(one: Manifest) -> str:
    return (
        f"{where(one.content)}: it exists and is not managed by this role. Remove it, choose another name for the "
        "entry, or give it the role's label if it is yours."
    )
