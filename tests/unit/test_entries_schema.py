# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of the role's entries: it is the spec's, takes every example, and finds mistakes of a pen."""

from __future__ import annotations

import itertools
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.source_kinds import SOURCES

from tests.support.entries_schema import SCHEMA, as_text

pytestmark = pytest.mark.one_core
ROOT = Path(__file__).parents[2]
ENTRY = {"name": "aws", "namespace": "web", "dynamic_secret": "prod/aws/app"}
PLACES = ("docs/docsite/rst/*.rst", "roles/*/README.md", "README.md", "plugins/modules/*.py", "playbooks/*.yml")


def problems(instance: Any) -> list[str]:
    """What the schema says against it."""
    # Comes with ansible-lint.
    from jsonschema import Draft7Validator

    return [error.message for error in Draft7Validator(json.loads(SCHEMA.read_text("utf-8"))).iter_errors(instance)]


def test_it_is_what_the_spec_and_the_documentation_say() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == as_text(), "run make schema"


def test_it_is_a_schema() -> None:
    from jsonschema import Draft7Validator

    Draft7Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_each_example_of_the_documentation_is_taken() -> None:
    examples = [(path, entries) for glob in PLACES for path in ROOT.glob(glob) for entries in entries_in(path)]
    assert sum(len(entries) for _path, entries in examples) > 30
    assert [(path.name, entries, said) for path, entries in examples if (said := problems(entries))] == []


def entries_in(path: Path) -> Iterator[list[Any]]:
    """Each list of entries in a file's examples, and each single one in a block of its own."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yml":
        blocks = [text]
    elif path.suffix == ".py":
        blocks = re.findall(r'^EXAMPLES = r"""\n(.*?)"""', text, re.DOTALL | re.MULTILINE)
    else:
        fenced = re.findall(r"```ya?ml\n(.*?)```", text, re.DOTALL)
        blocks = [*fenced, *code_blocks(text)]
    for block in blocks:
        try:
            yield from lists_in(_Loader(textwrap.dedent(block)).get_single_data())
        except yaml.YAMLError:
            # A template with braces of its own, or a part of a file.
            continue


def code_blocks(text: str) -> Iterator[str]:
    """Each block of YAML in a guide, in cells of tables too: the lines that are further in than its directive."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        column = line.find(".. code-block:: yaml")
        if column >= 0:
            own = itertools.takewhile(lambda one, column=column: not one[: column + 1].strip(), lines[number + 1 :])
            yield "\n".join(own)


class _Loader(yaml.SafeLoader):
    """Takes tags such as !vault for texts."""


_Loader.add_multi_constructor("!", lambda loader, _tag, node: "text")


def lists_in(value: Any) -> Iterator[list[Any]]:
    """Each list in a value whose elements look like entries."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from lists_in(inner)
    elif isinstance(value, list):
        if any(
            isinstance(element, dict) and element.keys() & SOURCES.keys() and "name" in element for element in value
        ):
            yield value
        else:
            for element in value:
                yield from lists_in(element)


WRONG = {
    "a field's name is misspelled": {**ENTRY, "namespaces": "web"},
    "no namespace": {"name": "aws", "dynamic_secret": "prod/aws/app"},
    "no source": {"name": "aws", "namespace": "web"},
    "two sources": {**ENTRY, "static_secret": "prod/db/app"},
    "a delivery that there is not": {**ENTRY, "delivery": "pull"},
    "a text for labels": {**ENTRY, "labels": "web"},
    "a list for keys": {**ENTRY, "keys": ["access_key_id"]},
    "an option of a source is misspelled": {
        **{name: ENTRY[name] for name in ("name", "namespace")},
        "sts_session_token": {"region": "eu-west-1", "rolearn": "arn:aws:iam::123456789012:role/x"},
    },
}


@pytest.mark.parametrize("entry", WRONG.values(), ids=WRONG)
def test_a_mistake_is_found_in_lists_and_in_variables_as_the_role_finds_it(entry: dict[str, Any]) -> None:
    with pytest.raises(WorkloadCredentialsError):
        checked_entries([entry], "push")
    assert problems([entry])
    assert problems({"cluster_credentials_entries": [entry]})


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY,
        {**ENTRY, "labels": "{{ labels }}", "delivery": "{{ delivery }}"},
        {**ENTRY, "keys": {"id": "access_key_id"}, "annotations": {"build": 7, "old": False}},
        "{{ entry_of_another_file }}",
    ],
)
def test_templates_and_plain_entries_are_taken(entry: Any) -> None:
    assert problems([entry]) == []


@pytest.mark.parametrize(
    ("variables", "taken"),
    [
        ({"cluster_credentials_wait": "yes", "cluster_credentials_wait_timeout": "{{ patience }}", "other": {}}, True),
        ({"cluster_credentials_prune": "yes please"}, False),
        ({"cluster_credentials_entrys": [ENTRY]}, False),
        ({"cluster_credentials_scope": "world"}, False),
        ({"cluster_credentials_entries": "{{ entries }}"}, True),
    ],
)
def test_the_roles_variables_are_checked_and_others_are_not(variables: dict[str, Any], taken: bool) -> None:
    assert (problems(variables) == []) is taken
