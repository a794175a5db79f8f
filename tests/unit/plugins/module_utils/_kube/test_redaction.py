# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.refusals import (
    WITHHELD,
    redacted,
    refusal,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# A busy machine is no failure.
UNHURRIED = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
VALUE = st.text(st.characters(exclude_categories=["Cs"]), min_size=6).filter(
    lambda text: sum(letter.isprintable() and not letter.isspace() for letter in text) >= 6
)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def manifest(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one", "namespace": "web"}, **fields}


@UNHURRIED
@given(
    VALUE,
    VALUE.filter(lambda text: "\n" not in text),
    st.sampled_from(["{}", 'Invalid value: "{}": no', "got &value{{Value:{}}}", "x{}y"]),
)
def test_no_message_repeats_a_value(first: str, second: str, frame: str) -> None:
    texts = manifest(stringData={"a": first, "b": {"deep": [second]}})
    data = manifest(data={"a": encoded(first), "b": encoded(f"first line\n{second}\n")})
    for value in (first, second):
        for form in (value, encoded(value), json.dumps(value)):
            assert redacted(frame.format(form), texts) == WITHHELD
        assert redacted(frame.format(value), data) == WITHHELD


@UNHURRIED
@given(VALUE, st.sampled_from([500, 422, 403, 400, 302]), st.booleans())
def test_no_refusal_holds_a_value(value: str, status: int, caused: bool) -> None:
    value = f"<{value}>"
    # Long enough to be cut in the middle of it.
    message = f'failed: "{value}" {encoded(value)} {value!r} ' + "x" * 940 + value * 3
    details = {"causes": [{"field": "data[a]", "message": f'Invalid value: "{value}": no'}]} if caused else {}
    body = {"kind": "Status", "reason": "Invalid", "message": message, "details": details}
    words = refusal(manifest(stringData={"a": value}), status, body).words
    for form in (value, " ".join(value.split()), encoded(value)):
        assert form[:12] not in words


@pytest.mark.parametrize(
    ("value", "text", "is_shown"),
    [
        ("no", "Secret is not valid", True),
        ("no", "it says: no", False),
        ("12345", "got 12345", False),
        ("12345", "got 9123456", True),
        ("", "anything", True),
        (None, "None", True),
        (True, "True", True),
    ],
)
def test_short_values_count_as_words_only(value: Any, text: str, is_shown: bool) -> None:
    assert (redacted(text, manifest(stringData={"a": value})) == text) is is_shown


def test_what_guards_the_cluster_is_quoted_where_a_secret_holds_no_value() -> None:
    words = "admission webhook x denied the request: leases need a team"
    # One that is made without data has none; of a reference or a patch nobody knows.
    assert redacted(words, manifest(type="example.org/record")) == words
    for unknown in (manifest(), {**manifest(type="x"), "metadata": {"name": "one", "resourceVersion": "7"}}):
        assert "its message is withheld" in redacted(words, unknown)


def test_only_secrets_have_values() -> None:
    assert redacted("no: canary", {**manifest(data={"a": "canary"}), "kind": "ExternalSecret"}) == "no: canary"
