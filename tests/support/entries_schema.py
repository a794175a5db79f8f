# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of the role's entries, for editors and for checks of a GitOps repository.

``python -m tests.support.entries_schema`` writes it again, from the spec and the documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import ENTRY
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.source_kinds import SOURCES

from tests.environment.docs_links import SITE
from tests.support.documentation import ON_THE_CONTROLLER, documented

ROLE = Path(__file__).parents[2] / "roles" / "cluster_credentials"
SCHEMA = ROLE / "files" / "entries.schema.json"
_PREFIX = "cluster_credentials_"
# Wherever Ansible wants something else than a text, a template may stand, and an empty text for what is not set.
_TEMPLATE = r"^$|\{[{%]"
# Ansible makes a dictionary of JSON, and of a=b, too.
_DICTIONARY = rf"{_TEMPLATE}|=|^\s*\{{"
_YES_OR_NO = r"^([Yy]es|[Nn]o|[Oo]n|[Oo]ff|[Tt]rue|[Ff]alse)$"
_TEXT = ["string", "number"]
_SCALARS = [*_TEXT, "boolean"]


def schema() -> dict[str, Any]:
    """Return the schema: of a list of entries, or of a file with the role's variables."""
    suboptions = documented("module", ON_THE_CONTROLLER)["doc"]["options"]["entries"]["suboptions"]
    entry = _of_options(ENTRY, suboptions)
    entry["oneOf"] = [{"required": [source]} for source in SOURCES]
    variables = _variables()
    names = "|".join(sorted(name.removeprefix(_PREFIX) for name in variables))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"{SITE}/latest/{SCHEMA.name}",
        "$comment": "Generated from the role's spec. GPL-3.0-or-later.",
        "title": "Entries of the role community.workload_credentials.cluster_credentials",
        "description": "A list of entries, or the variables of a play, an inventory or a role.",
        "definitions": {"entry": entry, "template": {"type": "string", "pattern": _TEMPLATE}},
        "type": ["array", "object"],
        "items": _ENTRY_OR_TEMPLATE,
        "properties": variables,
        "patternProperties": {f"^{_PREFIX}(?!({names})$)": False},
    }


_ENTRY_OR_TEMPLATE = {
    "if": {"type": "string"},
    "then": {"$ref": "#/definitions/template"},
    "else": {"$ref": "#/definitions/entry"},
}


def _variables() -> dict[str, Any]:
    """The role's variables; of entries the schema knows more than the role's own documentation."""
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    properties: dict[str, Any] = _of_options(options, options)["properties"]
    properties[f"{_PREFIX}entries"]["items"] = _ENTRY_OR_TEMPLATE
    return properties


def _of_options(options: Mapping[str, Any], documentation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a dictionary with these options, and no others."""
    properties: dict[str, Any] = {}
    for name, option in options.items():
        said = documentation[name]
        described = {"description": _plain(said["description"]), **_of_option(option, said)}
        for spelling in (name, *option.get("aliases", ())):
            properties[spelling] = described
    described = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = list(_needed(options))
    return {**described, "allOf": needed} if needed else described


def _needed(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, option in options.items():
        if option.get("required"):
            spellings = [{"required": [spelling]} for spelling in (name, *option.get("aliases", ()))]
            yield spellings[0] if len(spellings) == 1 else {"anyOf": spellings}


def _of_option(option: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a value may be. Keywords of JSON Schema that are for another type than the value's do not count."""
    kind = option.get("type", "str")
    default = {"default": option["default"]} if "default" in option else {}
    if "choices" in option:
        return {"anyOf": [{"enum": list(option["choices"])}, {"$ref": "#/definitions/template"}], **default}
    if kind in ("str", "path"):
        return {"type": _TEXT, **default}
    if kind == "int":
        return {"type": ["integer", "string"], "pattern": rf"^[0-9]+$|{_TEMPLATE}", **default}
    if kind == "bool":
        return {"type": ["boolean", "string"], "pattern": f"{_YES_OR_NO}|{_TEMPLATE}", **default}
    if kind == "list":
        return {"type": ["array", "string"], **_elements(option, said), **default}
    if kind == "dict":
        return {**_dictionary(option, said), "type": ["object", "string"], "pattern": _DICTIONARY, **default}
    return default


def _elements(option: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    if option.get("elements") == "str":
        # Ansible also takes a text with commas.
        return {"items": {"type": _TEXT}}
    items = _dictionary(option, said)
    return {"items": {**items, "type": ["object", "string"], "pattern": _DICTIONARY}, "pattern": _TEMPLATE}


def _dictionary(option: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    if "options" not in option:
        return {"additionalProperties": {"type": _SCALARS}}
    return _of_options(option["options"], said.get("suboptions") or said["options"])


def _plain(description: str | list[str]) -> str:
    """A description without Ansible's mark-up."""
    text = description if isinstance(description, str) else " ".join(description)
    return re.sub(r"\b[A-Z]\(([^()]*)\)", r"\1", text)


def as_text() -> str:
    """Return the file's contents, with short lists on one line."""
    text = json.dumps(schema(), indent=2, default=list)
    return re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(as_text(), encoding="utf-8")
