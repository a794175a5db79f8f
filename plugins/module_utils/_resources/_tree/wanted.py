# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wanted tree: from the options and files of a task to one frozen wish for each object, or all problems."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._access.wanted import PRINCIPAL, RESOURCE
from ..._api.errors import OptionError, StateError, WorkloadCredentialsError
from ..._api.paths import folders_above, parse_folder, parse_path
from ..._providers import PROVIDERS
from ..._spec import CONNECTION, Options
from .._parts.definition import wanted_of as wanted_dynamic_secret
from ..dynamic_secret import DYNAMIC_SECRET
from ..folder import FOLDER, WantedFolder
from ..folder import wanted_of as wanted_folder
from ..iam_policy import IAM_POLICY
from ..integration import INTEGRATION, WantedIntegration
from ..static_secret import STATIC_SECRET
from ..static_secret import wanted_of as wanted_static_secret

# So many problems stand in one message.
_MOST_PROBLEMS = 50
# Characters of something wrong that a message repeats.
_MOST_REPEATED = 100


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of objects.

    :arg section: the option that holds such objects.
    :arg noun: the module for one of them.
    :arg api: the kind in requests.
    :arg options: the options of one object, as in that module.
    :arg wish: makes the wanted state from the module's parameters.
    """

    section: str
    noun: str
    api: str
    options: Options
    wish: Callable[[Mapping[str, Any]], Any]

    @property
    def has_path(self) -> bool:
        """Return whether its objects are in folders."""
        return self.section in ("folders", "static_secrets", "dynamic_secrets")

    @property
    def words(self) -> str:
        """Return the kind in words."""
        return self.noun.replace("_", " ")


def _some(options: Options, *names: str) -> Options:
    return {name: options[name] for name in names}


def _of_providers(part: str) -> list[str]:
    return list(dict.fromkeys(option for provider in PROVIDERS.values() for option in getattr(provider, part)))


FOLDERS = Kind("folders", "folder", "folders", _some(FOLDER.options, "tags"), wanted_folder)
STATIC = Kind(
    "static_secrets", "static_secret", "static", _some(STATIC_SECRET.options, "secret", "tags"), wanted_static_secret
)
INTEGRATIONS = Kind(
    "integrations",
    "integration",
    "integrations",
    _some(INTEGRATION.options, *_of_providers("integration"), *_of_providers("integration_secret")),
    WantedIntegration.of,
)
DYNAMIC = Kind(
    "dynamic_secrets",
    "dynamic_secret",
    "dynamic",
    _some(
        DYNAMIC_SECRET.options,
        *("type", "integration_name", "credential_type", "tags"),
        *_of_providers("definition"),
    ),
    wanted_dynamic_secret,
)
# When to send the secret of an integration.
UPDATE_SECRET = INTEGRATION.options["update_secret"]
POLICIES = Kind(
    "policies",
    "iam_policy",
    "policies",
    _some(IAM_POLICY.options, "cedar", "principal", "grant", "actions", "resource"),
    lambda parameters: parameters,
)
KINDS = (FOLDERS, STATIC, INTEGRATIONS, DYNAMIC, POLICIES)
# Kinds with paths, by their kind in requests.
WITH_PATHS = {kind.api: kind for kind in (FOLDERS, STATIC, DYNAMIC)}

# Kind in requests and path.
Key = tuple[str, str]


@dataclass(frozen=True)
class Node:
    """One object of the tree.

    :arg path: in the site; of an integration its type and name.
    :arg wanted: its wanted state, of the class that the module of its kind has.
    :arg where: file and line, for messages.
    :arg spelling: the path as the user wrote it.
    """

    kind: Kind
    path: str
    wanted: Any = field(repr=False)
    where: str = ""
    spelling: str = ""

    @property
    def key(self) -> Key:
        """Return what no other object has."""
        return (self.kind.api, self.path)

    def __str__(self) -> str:
        """Return the object for messages."""
        return f"{self.kind.words} {self.path}" + (f" ({self.where})" if self.where else "")


@dataclass(frozen=True)
class WantedTree:
    """What a task wants of a site.

    :arg root: the folder that the tree owns; "": the whole site.
    :arg nodes: all objects, with the folders above them.
    :arg prune: kinds in requests of which nothing else may stay.
    :arg problems: why some objects can never be made.
    :arg common: the parameters of a single module that hold for all objects.
    :arg connection: the options of the connection, for the administration site.
    :arg softly: what came back with a folder in this run, and goes again so that it can be restored.
    """

    root: str
    nodes: Mapping[Key, Node]
    prune: frozenset[str]
    prune_limit: int
    concurrency: int
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    common: Mapping[str, Any] = field(default_factory=dict)
    softly: frozenset[Key] = frozenset()
    connection: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def of(self, kind: Kind) -> list[Node]:
        """Return the objects of a kind."""
        return [node for node in self.nodes.values() if node.kind is kind]

    @property
    def permanent(self) -> bool:
        """Return whether deletions cannot be undone."""
        return bool(self.common["permanent"])

    def absent(self, kind: Kind, path: str, *, softly: bool = False) -> Node:
        """Return an object that is to be removed.

        :arg softly: so that it can be restored, whatever the task says.
        """
        more = {"permanent": False} if softly or (kind.api, path) in self.softly else {}
        name: dict[str, Any] = {"path": path, "name": path}
        if kind is INTEGRATIONS:
            provider, _slash, own = path.partition("/")
            name = {"type": provider, "name": own}
        return Node(kind, path, kind.wish({**_defaults(kind), **self.common, **name, "state": "absent", **more}))

    def folder(self, path: str) -> Node:
        """Return a folder that others imply."""
        return Node(FOLDERS, path, _implied(path, self.common))


def _implied(path: str, common: Mapping[str, Any]) -> WantedFolder:
    return wanted_folder({**_defaults(FOLDERS), **common, "path": path})


def refused(problems: Sequence[str], so_far: str = "nothing was written") -> StateError:
    """Return the error with all reasons why a tree cannot be applied, and what was done before they were known."""
    count = len(problems)
    head = f"This tree has {count} problems" if count > 1 else "This tree has a problem"
    shown = [f"- {problem}" for problem in problems[:_MOST_PROBLEMS]]
    if count > _MOST_PROBLEMS:
        shown.append(f"- and {count - _MOST_PROBLEMS} more")
    return StateError("\n".join([f"{head}; {so_far}:", *shown]))


def wanted_tree(parameters: Mapping[str, Any]) -> WantedTree:
    """Return the wanted tree from the module's parameters.

    :raises OptionError: an option of the whole tree cannot be used.
    """
    reading = _Reading(parameters)
    root = reading.root()
    common = {
        name: parameters[name]
        for name in ("permanent", "on_deleted", "purge_keys", "purge_tags", "revoke_leases", "update_secret")
    }
    nodes = reading.nodes(root, common)
    tree = WantedTree(
        root=root,
        nodes=nodes,
        prune=_pruned(parameters, root),
        prune_limit=parameters["prune_limit"],
        concurrency=parameters["concurrency"],
        problems=tuple(reading.problems),
        warnings=tuple(reading.warnings),
        common=common,
        connection={name: parameters[name] for name in CONNECTION if name in parameters},
    )
    return replace(tree, nodes={**_folders_of(tree), **nodes})


def _folders_of(tree: WantedTree) -> dict[Key, Node]:
    """Return the folders above all objects, as far as they are inside of the root."""
    above: set[str] = set()
    for node in tree.nodes.values():
        if not node.kind.has_path:
            continue
        for folder in folders_above(node.path):
            if folder in above or not is_below(folder, tree.root):
                break
            above.add(folder)
    return {(FOLDERS.api, path): tree.folder(path) for path in sorted(above)}


def is_below(path: str, folder: str) -> bool:
    """Return whether a path is inside of a folder; everything is inside of ""."""
    return not folder or path.startswith(f"{folder}/")


def _pruned(parameters: Mapping[str, Any], root: str) -> frozenset[str]:
    """Return the kinds to prune, as they are in requests.

    :raises OptionError: integrations belong to no folder, or nobody said what is pruned.
    """
    sections = parameters["prune"]
    limit = parameters["prune_limit"]
    if not 0 <= limit <= 100:
        raise OptionError("prune_limit", f"{limit} is no percentage from 0 to 100.")
    if sections and parameters["root"] is None and not any("root" in one["sections"] for one in _documents(parameters)):
        raise OptionError("root", "with prune it has to be named: a folder, or '' for the whole site.")
    if INTEGRATIONS.section in sections and root:
        raise OptionError("prune", f"integrations belong to the whole site, and this tree owns {root} only (root).")
    return frozenset(kind.api for kind in KINDS if kind.section in sections)


def _documents(parameters: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return parameters["documents"] or ()


class _Reading:
    """Collects the objects of a task's options and files, and what is wrong with them."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        own = {kind.section: parameters[kind.section] for kind in KINDS if parameters[kind.section] is not None}
        self._parameters = parameters
        self._documents: list[Mapping[str, Any]] = [{"file": "", "sections": own}, *_documents(parameters)]
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def root(self) -> str:
        """Return the root, which the option and files name alike.

        :raises OptionError: the API cannot hold such a folder.
        """
        option = self._parameters["root"]
        roots = {} if option is None else {parse_folder(option, "root"): "the option root"}
        for document in self._documents:
            root = document["sections"].get("root")
            if root is None:
                continue
            if not isinstance(root, str):
                raise OptionError("root", f"in {_place(document, 'root')} it is no text.")
            roots.setdefault(parse_folder(root, "root"), _place(document, "root"))
        if len(roots) > 1:
            named = " and ".join(f"{root!r} ({where})" for root, where in roots.items())
            raise OptionError("root", f"one tree owns one folder, and these differ: {named}.")
        return next(iter(roots), "")

    def nodes(self, root: str, common: Mapping[str, Any]) -> dict[Key, Node]:
        """Return the objects by kind and path."""
        nodes: dict[Key, Node] = {}
        for document in self._documents:
            self._check(document)
            for kind in KINDS:
                for node in self._of_kind(document, kind, root, common):
                    other = nodes.setdefault(node.key, node)
                    if other is not node:
                        self.problems.append(_twice(node, other))
        return nodes

    def _check(self, document: Mapping[str, Any]) -> None:
        """Note sections that do not exist, and what is wrong with keys."""
        for name in document["sections"]:
            if name != "root" and name not in [kind.section for kind in KINDS]:
                self.problems.append(f"{_place(document, name)}: {_no_section(name)}")
        self.problems += _problems_of_keys(document)
        self.warnings += document.get("warnings") or ()

    def _of_kind(self, document: Mapping[str, Any], kind: Kind, root: str, common: Mapping[str, Any]) -> Iterator[Node]:
        objects = document["sections"].get(kind.section)
        if objects is None:
            return
        if not isinstance(objects, Mapping):
            where = _place(document, kind.section)
            self.problems.append(f"{where}: {kind.section} is no mapping of paths to objects.")
            return
        defaults = {**_defaults(kind), **common}
        for spelling, given in objects.items():
            where = _place(document, kind.section, str(spelling)) if document["file"] else ""
            try:
                yield _node(kind, str(spelling), given, where, root, defaults)
            except WorkloadCredentialsError as error:
                self.problems.append(f"{Node(kind, _joined(root, kind, str(spelling)), None, where)}: {error}")


def _problems_of_keys(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each key that stands in a file twice, or that YAML takes for no text."""
    for double in document.get("twice") or ():
        first, second = (f"{document['file']}:{line}" for line in double["lines"])
        what = f"{double['section']} {double['path']}".strip()
        yield f"{what} stands there twice: {first} and {second}. Remove one of them."
    for key in document.get("no_text") or ():
        where = f"{document['file']}:{key['line']}"
        yield f"{key['section']} {key['path']} ({where}): YAML takes it for {key['taken']!r}. Quote it."


def _twice(node: Node, other: Node) -> str:
    first, second = (one.where or "the task's own options" for one in (other, node))
    problem = f"{node.kind.words} {node.path} is named twice: {first} and {second}"
    if node.spelling != other.spelling:
        problem += f" (spelled {other.spelling!r} and {node.spelling!r})"
    return f"{problem}. Remove one of them."


def _no_section(name: str) -> str:
    sections = [kind.section for kind in KINDS]
    near = difflib.get_close_matches(str(name), sections, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{str(name)[:_MOST_REPEATED]!r} is no section of a tree, which are {', '.join(sections)}.{hint}"


def _place(document: Mapping[str, Any], section: str, path: str = "") -> str:
    """Return file and line of a section or of an object in it."""
    if not document["file"]:
        return section
    lines = document.get("lines") or {}
    line = lines.get(section, {}).get(path)
    return f"{document['file']}:{line}" if line else str(document["file"])


def _joined(root: str, kind: Kind, spelling: str) -> str:
    """Return the path in the site as far as a wrong spelling has one, for messages."""
    path = spelling[:_MOST_REPEATED].strip("/")
    return f"{root}/{path}" if root and kind.has_path else path


def _node(kind: Kind, spelling: str, given: Any, where: str, root: str, defaults: Mapping[str, Any]) -> Node:
    """Return one object.

    :raises OptionError: the API cannot hold it.
    """
    options = _options(kind, given)
    if kind is POLICIES:
        return Node(kind, spelling, {**defaults, **_below(options, root), "name": spelling}, where, spelling)
    if kind is INTEGRATIONS:
        provider, slash, name = spelling.strip("/").partition("/")
        if not slash or provider not in PROVIDERS:
            some = f"{next(iter(PROVIDERS))}/main"
            raise OptionError("path", f"an integration is named by type and name, such as {some}.")
        wanted = kind.wish({**defaults, **options, "type": provider, "name": name})
        return Node(kind, f"{provider}/{name}", wanted, where, spelling)
    relative = str(parse_path(spelling, "path"))
    path = f"{root}/{relative}" if root else relative
    return Node(kind, path, kind.wish({**defaults, **options, "path": path}), where, spelling)


def _below(options: Mapping[str, Any], root: str) -> dict[str, Any]:
    """Return a policy's options with the path of its resource in the site.

    :raises OptionError: it does not say what it grants, or says it twice.
    """
    if (options.get("cedar") is None) is (options.get("principal") is None):
        raise OptionError("principal", "a policy has either cedar, or principal, actions (or grant) and resource.")
    if options.get("grant") is not None and options.get("actions") is not None:
        raise OptionError("grant", "a policy has either grant or actions.")
    for name, entry in (("principal", PRINCIPAL), ("resource", RESOURCE)):
        _check_choice(name, options.get(name), entry["options"])
    resource = options.get("resource")
    kind = next(iter(resource), "") if resource else ""
    if not resource or kind not in _RESOURCES_WITH_PATHS:
        return dict(options)
    relative = str(resource[kind]).strip("/")
    return {**options, "resource": {kind: "/".join(filter(None, (root, relative))) or "/"}}


# Resources of policies that are in folders.
_RESOURCES_WITH_PATHS = ("folder", "static_secret", "dynamic_secret")


def _check_choice(name: str, given: Any, choices: Options) -> None:
    """Raise OptionError unless exactly one of the suboptions is given."""
    if given is not None and (len(given) != 1 or next(iter(given)) not in choices):
        raise OptionError(name, f"it has exactly one of {', '.join(choices)}.")


def _options(kind: Kind, given: Any) -> dict[str, Any]:
    """Return the options of one object, each of its type.

    :raises OptionError: there is no such option, or its value has another type.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise OptionError("options", "the object is no mapping of options to values.")
    for name in given:
        if name not in kind.options:
            near = difflib.get_close_matches(str(name), kind.options, n=1)
            hint = f"; did you mean {near[0]}?" if near else f", which has {', '.join(kind.options)}."
            raise OptionError(str(name)[:_MOST_REPEATED], f"there is no such option of a {kind.words}{hint}")
    options = {name: typed(name, kind.options[name], value) for name, value in given.items()}
    if kind is DYNAMIC and options.get("type") is None:
        raise OptionError("type", f"it is missing; it is {' or '.join(PROVIDERS)}.")
    return options


def typed(name: str, option: Mapping[str, Any], value: Any) -> Any:
    """Return a value in an option's type, as Ansible would for the option of a module.

    :raises OptionError: it is something else; the message does not repeat it.
    """
    if value is None:
        return None
    kind = option["type"]
    converted = _CONVERSIONS[kind](value)
    if converted is None:
        raise OptionError(name, f"the value is no {_WORDS[kind]}.")
    if "choices" in option and converted not in option["choices"]:
        raise OptionError(name, f"it must be one of {', '.join(option['choices'])}.")
    return converted


def _whole(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _texts(value: Any) -> list[str] | None:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")] if value else []
    if not isinstance(value, (list, tuple)):
        return None
    texts = [_text(entry) for entry in value]
    return None if None in texts else [text for text in texts if text is not None]


def _json(value: Any) -> str | None:
    return json.dumps(value) if isinstance(value, (Mapping, list)) else _text(value)


_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "str": _text,
    "int": _whole,
    "list": _texts,
    "json": _json,
    "dict": lambda value: value if isinstance(value, Mapping) else None,
}
_WORDS = {"str": "text", "int": "whole number", "list": "list of texts", "json": "JSON", "dict": "mapping"}


def _defaults(kind: Kind) -> dict[str, Any]:
    """Return the parameters of the module of a kind that a tree does not set."""
    if kind is POLICIES:
        # A tree does not wait for policies, which are in force some seconds later.
        return {**dict.fromkeys(kind.options), "state": "present", "replace": False, "wait": False, "wait_timeout": 0}
    fixed = {"state": "present", "parents": True, "recursive": False, "version": None, "recreate": False}
    return {**dict.fromkeys(kind.options), "tags": None, **fixed}
