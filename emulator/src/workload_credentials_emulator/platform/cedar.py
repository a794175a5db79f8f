# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of Cedar that the policy API takes: one permit, for one principal, on one resource of one site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from ..actions import ALL_ACTIONS, ROLES
from ..errors import InvalidRequest
from ..tokens import Principal

# By the type that Cedar names, and the name that this emulator has for it.
PRINCIPALS = {
    "Pathfinder::Workload::Id": "workload",
    "Pathfinder::User::Email": "user",
    "Pathfinder::Group": "group",
    "Pathfinder::Role": "role",
}
RESOURCES = {
    "WorkloadCredentials::Folder": "folder",
    "WorkloadCredentials::Secret": "static",
    "WorkloadCredentials::DynamicSecret": "dynamic",
    "WorkloadCredentials::Integration": "integration",
    "WorkloadCredentials::Product": "product",
}
PRODUCT_ROLES = ("Admin", "StandardUser", "Auditor")
_ACTIONS = {
    "WorkloadCredentials::Action": ALL_ACTIONS | (ROLES.keys() - {"Admin"}),
    "Pathfinder::Action": frozenset(PRODUCT_ROLES),
}
_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*+)*+(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<sign>::|==|[@(),;\[\]]))""",
    re.DOTALL,
)
_REST = re.compile(r"(?:\s|//[^\n]*+)*+")
_ESCAPE = re.compile(r"\\(?:u\{(?P<unicode>[0-9a-fA-F]{1,6})\}|x(?P<byte>[0-7][0-9a-fA-F])|(?P<plain>[nrt0\\'\"]))")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


@dataclass(frozen=True)
class Resource:
    """What is meant; ``id`` is None where the policy names no more than the type."""

    kind: str
    id: str | None


@dataclass(frozen=True)
class Policy:
    """What the text says; ``actions`` has roles as they are written."""

    site: str
    principal: Principal
    actions: tuple[str, ...]
    resource: Resource


def parse(text: str) -> Policy:
    """The policy of this text.

    :raises InvalidRequest: it is no such policy (``invalid_cedar_syntax``), or names no site (``invalid_site``).
    """
    return _Parser(text).policy()


class _Parser:
    """Reads one token after the other; what cannot be read is one of its own, the last."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    def policy(self) -> Policy:
        annotations = self._annotations()
        effect = self._name()
        if effect != "permit":
            _refuse(f"the policy must begin with permit, not with {effect or 'nothing'}")
        self._sign("(")
        principal = self._principal()
        self._sign(",")
        actions = self._actions()
        self._sign(",")
        resource = self._resource()
        self._sign(")")
        if self._peek() in (("name", "when"), ("name", "unless")):
            _refuse("when and unless are not supported")
        self._sign(";")
        if self._peek() is not None:
            self._expected("nothing more: there must be exactly one statement")
        if resource.kind != "product" and any(action in PRODUCT_ROLES for action in actions):
            _refuse(f"{', '.join(PRODUCT_ROLES)} apply to the product only")
        return Policy(_site(annotations), principal, actions, resource)

    def _annotations(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while self._peek() == ("sign", "@"):
            self._sign("@")
            name = self._name()
            if not name or name in found:
                _refuse("an annotation has no name, or is there twice")
            self._sign("(")
            found[name] = self._text()
            self._sign(")")
        return found

    def _principal(self) -> Principal:
        self._word("principal")
        self._one_of("==", "in")
        type, name = self._entity()
        if type not in PRINCIPALS or not name:
            _refuse(f"a principal must be one of {', '.join(PRINCIPALS)}, with a name")
        kind = PRINCIPALS[type]
        return Principal(kind, name.lower() if kind == "workload" else name)

    def _actions(self) -> tuple[str, ...]:
        self._word("action")
        if self._one_of("==", "in") == "==" or self._peek() != ("sign", "["):
            return (self._action(),)
        self._sign("[")
        found = [self._action()]
        while self._peek() == ("sign", ","):
            self._sign(",")
            found.append(self._action())
        self._sign("]")
        return tuple(found)

    def _action(self) -> str:
        type, name = self._entity()
        if name not in _ACTIONS.get(type, ()):
            _refuse(f"there is no action {type}::{name!r}")
        return name

    def _resource(self) -> Resource:
        self._word("resource")
        if self._one_of("==", "in", "is") == "is":
            type = self._type()
            if RESOURCES.get(type) != "product" or self._peek() == ("sign", "::"):
                _refuse("is must be followed by WorkloadCredentials::Product")
            return Resource("product", None)
        type, name = self._entity()
        if type not in RESOURCES:
            _refuse(f"a resource must be one of {', '.join(RESOURCES)}")
        return Resource(RESOURCES[type], name)

    def _entity(self) -> tuple[str, str]:
        type = self._type()
        self._sign("::")
        return type, self._text()

    def _type(self) -> str:
        parts = [self._name()]
        while self._peek() == ("sign", "::") and self._peek(1, "name"):
            self._sign("::")
            parts.append(self._name())
        return "::".join(parts)

    def _one_of(self, *wanted: str) -> str:
        _kind, value = self._peek() or ("", "")
        if value not in wanted:
            self._expected(" or ".join(wanted))
        self._next += 1
        return value

    def _word(self, wanted: str) -> None:
        if self._name() != wanted:
            self._expected(wanted)

    def _sign(self, wanted: str) -> None:
        if self._peek() != ("sign", wanted):
            self._expected(wanted)
        self._next += 1

    def _name(self) -> str:
        return self._value("name", "a name")

    def _text(self) -> str:
        return self._value("text", "a text in double quotes")

    def _value(self, kind: str, what: str) -> str:
        found, value = self._peek() or ("", "")
        if found != kind:
            self._expected(what)
        self._next += 1
        return value

    def _expected(self, what: str) -> NoReturn:
        kind, line = self._peek() or ("", "")
        _refuse(f"line {line} cannot be read" if kind == "wrong" else f"expected {what}")

    def _peek(self, ahead: int = 0, kind: str = "") -> tuple[str, str] | None:
        """The token there; None where there is none, or none of this kind."""
        place = self._next + ahead
        token = self._tokens[place] if place < len(self._tokens) else None
        return token if token is None or kind in ("", token[0]) else None


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while match := _TOKEN.match(text, place):
        kind = match.lastgroup
        assert kind is not None
        yield kind, _unescaped(match[kind]) if kind == "text" else match[kind]
        place = match.end()
    rest = _REST.match(text, place)
    assert rest is not None
    if rest.end() != len(text):
        yield "wrong", str(text.count("\n", 0, rest.end()) + 1)


def _unescaped(text: str) -> str:
    found, place = [], 0
    while (backslash := text.find("\\", place)) >= 0:
        match = _ESCAPE.match(text, backslash)
        code = int(match["unicode"] or match["byte"] or "0", 16) if match else 0
        if match is None or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            _refuse("a text has an escape that does not exist")
        plain = match["plain"]
        found += [text[place:backslash], _PLAIN.get(plain, plain) if plain else chr(code)]
        place = match.end()
    return "".join([*found, text[place:]])


def _site(annotations: dict[str, str]) -> str:
    site = annotations.get("siteId")
    if site is None:
        raise InvalidRequest("cedar policy must include an @siteId annotation.", "invalid_site")
    try:
        return str(UUID(site))
    except ValueError:
        raise InvalidRequest("the @siteId annotation must be a UUID.", "invalid_site") from None


def _refuse(reason: str) -> NoReturn:
    raise InvalidRequest(f"the policy cannot be read: {reason}.", "invalid_cedar_syntax")
