# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an entry of the role may say, and what it becomes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import (
    ENTRY,
    _validator,
    checked_entries,
)
from hypothesis import given
from hypothesis import strategies as st

AWS = {"name": "aws", "namespace": "web", "dynamic_secret": "/prod/aws"}
APP = {"name": "app", "namespace": "web", "static_secret": "prod/app"}

OPERATED = {**AWS, "delivery": "external_secret"}


def test_a_short_entry_is_completed() -> None:
    (entry,) = checked_entries([AWS], "push")
    assert (entry.source, entry.path, entry.delivery) == ("dynamic_secret", "prod/aws", "push")
    assert (entry.keys, entry.format, entry.type, entry.labels) == (None, "raw", "Opaque", {})


def test_labels_and_annotations_become_texts() -> None:
    (entry,) = checked_entries([{**AWS, "labels": {"tier": 1}, "annotations": {"a": True}}], "push")
    assert (entry.labels, entry.annotations) == ({"tier": "1"}, {"a": "true"})


def test_the_same_name_in_two_namespaces_is_two_secrets() -> None:
    assert len(checked_entries([AWS, {**AWS, "namespace": "batch"}], "push")) == 2


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("aws", "it must be a dictionary"),
        (
            {"name": "a", "namespace": "b"},
            "exactly one of dynamic_secret, static_secret, sts_session",
        ),
        ({**AWS, "static_secret": "prod/app"}, "exactly one of"),
        ({**AWS, "name": "Not_A_Name"}, r"\(Not_A_Name\).name: 'Not_A_Name' is not a name that Kubernetes allows"),
        ({**AWS, "name": None}, "missing required arguments: name"),
        ({**AWS, "name": "a..b"}, "'a..b' is not a name"),
        ({**AWS, "name": "a" * 254}, "is not a name"),
        ({**AWS, "namespace": "a.b"}, "namespace: 'a.b' is not a name"),
        ({**AWS, "keys": {"a": "b"}, "format": "aws_env"}, "keys and format exclude each other"),
        ({**AWS, "keys": {"a": None}}, "keys.a: it must be text"),
        ({**AWS, "keys": {"..": "c"}}, "'..' cannot be a key of a Secret"),
        ({**AWS, "keys": {"a b": "c"}}, "'a b' cannot be a key of a Secret"),
        ({**AWS, "dynamic_secret": "prod/bad name"}, "the character ' '"),
        ({**AWS, "secret_name": "x"}, "secret_name. Supported parameters include"),
        ({**AWS, "format": "xml"}, "value of format must be one of: raw, aws_env, .*, kubeconfig, got: xml"),
        ({**APP, "format": "aws_env"}, "static_secret has raw; use keys for others"),
        ({**AWS, "delivery": "pigeon"}, "value of delivery must be one of: push, external_secret, got: pigeon"),
        ({**AWS, "labels": ["a"]}, "'labels' is of type .*list.* and we were unable to convert to dict"),
        ({**AWS, "annotations": {"a": {}}}, "annotations.a: it must be text"),
        ({**AWS, "annotations": {"a": "\ud800"}}, "annotations.a: it must be text"),
        ({**AWS, None: "a", True: "b"}, "must be a dictionary whose keys are text"),
        ({"name": "a", "namespace": "b", "sts_session_token": 1.5}, "it, and the options in it, must be a dictionary"),
        ({**AWS, "labels": {"a b": "c"}}, "labels: 'a b' is not a name that Kubernetes allows"),
        ({**AWS, "labels": {"example.com/a": "b c"}}, r"labels\.example\.com/a: 'b c' cannot be a label"),
        ({**AWS, "labels": {"a": "{{ .x }}"}}, "cannot be a label"),
        ({**AWS, "labels": {"app.kubernetes.io/managed-by": "me"}}, "app.kubernetes.io/managed-by is the role's own"),
        ({**AWS, "annotations": {"workload-credentials.ansible.com/keys": "a"}}, "is the role's own"),
        ({**OPERATED, "template": {"a b": "c"}}, "'a b' cannot be a key of a Secret"),
        (
            {**OPERATED, "creation_policy": "Merge", "deletion_policy": "Delete"},
            "deletion_policy: with creation_policy",
        ),
    ],
)
def test_a_wrong_entry_is_named(entry: Any, says: str) -> None:
    with pytest.raises(WorkloadCredentialsError, match=f"entries\\[1\\].*{says}"):
        checked_entries([APP, entry], "push")


def test_an_entry_twice_is_refused() -> None:
    with pytest.raises(WorkloadCredentialsError, match="web/aws is listed twice"):
        checked_entries([AWS, AWS], "push")


def test_every_problem_of_every_entry_is_said_at_once() -> None:
    wrong = [{**AWS, "name": "A", "namespace": "B"}, {**APP, "delivery": "pigeon"}, {**APP, "format": "aws_env"}]
    with pytest.raises(WorkloadCredentialsError) as caught:
        checked_entries(wrong, "push")
    said = str(caught.value)
    for part in ("entries[0] (A).name", "entries[0] (A).namespace", "entries[1] (app): ", "entries[2] (app).format"):
        assert part in said, part


@pytest.mark.parametrize("empty", [None, "", {}])
def test_what_is_empty_is_not_set(empty: object) -> None:
    assert checked_entries(
        [{**AWS, "format": empty, "static_secret": empty, "keys": empty}], "push"
    ) == checked_entries([AWS], "push")


def test_nested_options_are_typed_as_far_down_as_they_go() -> None:
    reference = {"name": "keys", "key": "id"}
    source = {"region": "x", "secret_ref": {"access_key_id": {**reference, "namespace": "a"}}}
    with pytest.raises(WorkloadCredentialsError, match=r"sts_session_token.secret_ref.*namespace"):
        checked_entries([{"name": "a", "namespace": "b", "sts_session_token": source}], "external_secret")


def test_what_is_given_beside_auth_and_in_it_is_refused() -> None:
    keys = {name: {"name": "keys", "key": "id"} for name in ("access_key_id", "secret_access_key")}
    source = {"region": "x", "secret_ref": keys, "auth": {"secretRef": keys}}
    with pytest.raises(WorkloadCredentialsError, match=r"sts_session_token.auth.secret_ref: secret_ref stands beside"):
        checked_entries([{"name": "a", "namespace": "b", "sts_session_token": source}], "external_secret")


VALUES = st.text(max_size=3) | st.integers() | st.booleans() | st.just({"a": "b"}) | st.just(["x"]) | st.just("push")


@given(st.dictionaries(st.sampled_from([*ENTRY, "unknown"]), VALUES, max_size=8))
def test_the_part_of_the_specification_that_is_used_says_the_same_as_all_of_it(entry: dict[str, Any]) -> None:
    def said(validator: ArgumentSpecValidator) -> Any:
        try:
            result = validator.validate(dict(entry))
        except TypeError:
            return TypeError
        if result.error_messages:
            return sorted(result.error_messages)
        return {name: result.validated_parameters.get(name) for name in ENTRY}

    assert said(_validator(frozenset(entry))) == said(ArgumentSpecValidator(dict(ENTRY)))


@pytest.mark.parametrize("wrong", [5, "x", ["x"], True])
def test_what_must_be_a_dictionary_is_named(wrong: Any) -> None:
    sts = {"region": "eu-west-1", "role": "r"}
    base = {"name": "a", "namespace": "b", "delivery": "external_secret"}
    for entry in ({"sts_session_token": wrong}, {"sts_session_token": {**sts, "secret_ref": wrong}}):
        with pytest.raises(WorkloadCredentialsError, match=r"^entries\[0\] \(a\).*dict"):
            checked_entries([{**base, **entry}], "push")
