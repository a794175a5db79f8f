# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cedar as the policy service takes it: one permit for one principal, and the site that it applies to."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .actions import DYNAMIC, FOLDER, INTEGRATION, PRODUCT, PRODUCT_ROLES, STATIC, expanded

WORKLOAD, USER, GROUP, ROLE = "workload", "user", "group", "role"
_PRINCIPALS = {
    "Pathfinder::Workload::Id": WORKLOAD,
    "Pathfinder::User::Email": USER,
    "Pathfinder::Group": GROUP,
    "Pathfinder::Role": ROLE,
}
_PRODUCT = "WorkloadCredentials::Product"
_RESOURCES = {
    "WorkloadCredentials::Folder": FOLDER,
    "WorkloadCredentials::Secret": STATIC,
    "WorkloadCredentials::DynamicSecret": DYNAMIC,
    "WorkloadCredentials::Integration": INTEGRATION,
}
_ACTION_TYPES = ("WorkloadCredentials::Action", "Pathfinder::Action")


class CedarError(ValueError):
    """A text is no policy that the service takes, or one that this collection does not understand."""


@dataclass(frozen=True)
class Principal:
    """Who is allowed: the kind (workload, user, group, role) and the ID, email address or name."""

    kind: str
    id: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what finds it: people write UUIDs and email addresses in any case."""
        return self.kind, self.id.lower() if self.kind in (WORKLOAD, USER) else self.id

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True)
class Resource:
    """What is allowed to be used: its kind, and its path without outer slashes, or the name of an integration.

    A folder with the path "" is the top; the product has none.
    """

    kind: str
    path: str = ""

    def __str__(self) -> str:
        if self.kind == PRODUCT:
            return "the product"
        return f"the {self.kind.replace('_', ' ')} {self.path or '/'}"


@dataclass(frozen=True)
class Grant:
    """The meaning of a policy. Two grants with equal ``meaning`` allow the same, whatever their texts look like.

    :arg site: UUID of the site that it applies to.
    :arg actions: names of actions and roles, in the order of the text.
    """

    site: str
    principal: Principal
    actions: tuple[str, ...]
    resource: Resource

    @property
    def meaning(self) -> tuple[Any, ...]:
        """Return what the policy says, without order and repetition.

        The service compares principals as they are written, so one in another case is another one.
        """
        return self.site.lower(), self.principal, frozenset(self.actions), self.resource

    def shown(self) -> dict[str, Any]:
        """Return the grant as modules return it."""
        resource: dict[str, Any] = {"kind": self.resource.kind}
        if self.resource.kind != PRODUCT:
            resource["path"] = self.resource.path or "/"
        return {
            "site_id": self.site,
            "principal": {"kind": self.principal.kind, "id": self.principal.id},
            "actions": list(self.actions),
            "grants": sorted(expanded(self.actions)),
            "resource": resource,
        }


def render(grant: Grant) -> str:
    """Return the text of a policy with this meaning, with paths in the vendor's spelling."""
    principals = {kind: entity for entity, kind in _PRINCIPALS.items()}
    actions = [_action(name) for name in dict.fromkeys(grant.actions)]
    several = ",\n    ".join(actions)
    action = f"action == {actions[0]}" if len(actions) == 1 else f"action in [\n    {several}\n  ]"
    principal = f"{principals[grant.principal.kind]}::{_quoted(grant.principal.id)}"
    return (
        f"@siteId({_quoted(grant.site)})\npermit(\n  principal == {principal},\n  {action},\n"
        f"  {_resource(grant.resource)}\n);\n"
    )


def _action(name: str) -> str:
    namespace = "Pathfinder" if name in PRODUCT_ROLES else "WorkloadCredentials"
    return f"{namespace}::Action::{_quoted(name)}"


def _resource(resource: Resource) -> str:
    if resource.kind == PRODUCT:
        return f"resource is {_PRODUCT}"
    entity = {kind: entity for entity, kind in _RESOURCES.items()}[resource.kind]
    path = resource.path if resource.kind == INTEGRATION else f"/{resource.path}"
    return f"resource == {entity}::{_quoted(path)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# Strings first, so that what looks like a comment or a keyword in one is neither.
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>//[^\n]*)|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)'
    r"|(?P<sign>::|==|[@(),;\[\]{}])|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|.)")
_ESCAPED: Mapping[str, str] = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


@dataclass
class _Reader:
    """The words of a text and the place that has been read so far. A string stands with its quotes."""

    words: list[str]
    place: int = field(default=0)

    @property
    def next(self) -> str:
        """Return the next word; "" at the end."""
        return self.words[self.place] if self.place < len(self.words) else ""

    def take(self, *wanted: str) -> str:
        """Return the next word and go on.

        :raises CedarError: it is none of the wanted ones.
        """
        word = self.next
        if word not in wanted:
            raise self._expected(" or ".join(f"'{one}'" for one in wanted))
        self.place += 1
        return word

    def name(self) -> str:
        """Return the name that is next, and go on.

        :raises CedarError: something else is next.
        """
        word = self.next
        if not word.isidentifier():
            raise self._expected("a name")
        self.place += 1
        return word

    def string(self) -> str:
        """Return the value of the string that is next, and go on.

        :raises CedarError: something else is next.
        """
        word = self.next
        if not word.startswith('"'):
            raise self._expected("a text in quotation marks")
        self.place += 1
        return _ESCAPE.sub(_unescaped, word[1:-1])

    def entity(self, *types: str) -> tuple[str, str]:
        """Return type and ID of the entity that is next.

        :raises CedarError: another type is next.
        """
        entity = self.take(*types)
        self.take("::")
        return entity, self.string()

    def _expected(self, what: str) -> CedarError:
        after = f" after '{self.words[self.place - 1][:40]}'" if self.place else ""
        found = f"'{self.next[:40]}' was found" if self.next else "the text ends"
        return CedarError(f"{what} is expected{after}, but {found}")


def _unescaped(found: re.Match[str]) -> str:
    escaped = found.group(1)
    if escaped.startswith("u{"):
        point = int(escaped[2:-1], 16)
        return chr(point) if point < 0x110000 else "\ufffd"
    return _ESCAPED.get(escaped, escaped)


def _words(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        if found.lastgroup not in ("comment", "space"):
            yield found.group()


def parse(text: str) -> Grant:
    """Return the meaning of a policy's text.

    :raises CedarError: the service takes no such text, or it is not understood here; the message says why.
    """
    words = list(_words(text))
    for word, problem in _REFUSED.items():
        if word in words:
            raise CedarError(problem)
    reader = _Reader(words)
    site = _site(reader)
    reader.take("permit")
    reader.take("(")
    reader.take("principal")
    reader.take("==")
    entity, name = reader.entity(*_PRINCIPALS)
    principal = Principal(_PRINCIPALS[entity], name)
    reader.take(",")
    actions = _actions(reader)
    reader.take(",")
    resource = _resource_of(reader)
    if reader.next == ",":
        reader.take(",")
    reader.take(")")
    reader.take(";")
    if reader.next:
        raise CedarError("one policy holds one permit, and more follows it")
    return Grant(site, principal, actions, resource)


# Words of Cedar that this service refuses.
_REFUSED = {
    "forbid": "the service has no forbid, only permit",
    "when": "the service takes no condition (when)",
    "unless": "the service takes no condition (unless)",
}


def _site(reader: _Reader) -> str:
    """Read all annotations, of which only one means something to the service."""
    sites = []
    while reader.next == "@":
        reader.take("@")
        name = reader.name()
        reader.take("(")
        value = reader.string()
        reader.take(")")
        if name == "siteId":
            sites.append(value)
    if len(sites) != 1:
        raise CedarError('one @siteId("<UUID of the site>") is needed before permit')
    (site,) = sites
    try:
        canonical = str(uuid.UUID(site))
    except ValueError:
        canonical = ""
    if canonical != site.lower():
        raise CedarError("@siteId does not hold a UUID")
    return site


def _actions(reader: _Reader) -> tuple[str, ...]:
    reader.take("action")
    if reader.take("==", "in") == "==":
        return (reader.entity(*_ACTION_TYPES)[1],)
    reader.take("[")
    actions = [reader.entity(*_ACTION_TYPES)[1]]
    while reader.take(",", "]") == ",":
        if reader.next == "]":
            continue
        actions.append(reader.entity(*_ACTION_TYPES)[1])
    return tuple(actions)


def _resource_of(reader: _Reader) -> Resource:
    reader.take("resource")
    if reader.take("==", "is") == "is":
        reader.take(_PRODUCT)
        return Resource(PRODUCT)
    if reader.next == _PRODUCT:
        raise CedarError(f"the whole product is written as: resource is {_PRODUCT}")
    entity, path = reader.entity(*_RESOURCES)
    kind = _RESOURCES[entity]
    return Resource(kind, path if kind == INTEGRATION else path.strip("/"))
