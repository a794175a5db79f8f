# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.by_modules import (
    problem_in,
    status_in,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.refusals import refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# A busy machine is no failure.
UNHURRIED = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
ONE = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one", "namespace": "web"}}
JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=50) | st.just({"causes": [{"field": 1}, 2]})
STATUS = st.fixed_dictionaries({}, optional=dict.fromkeys(("kind", "reason", "message", "details", "code"), JSON))


def rbac(who: str, verb: str, resource: str, where: str) -> dict[str, str]:
    return {"message": f'x is forbidden: User "{who}" cannot {verb} resource "{resource}" in API group "" {where}'}


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            403,
            rbac("a:b", "create", "secrets", 'in the namespace "web"'),
            "a:b may not create secrets in namespace web: grant this permission, or use another identity.",
        ),
        (
            403,
            rbac("joe", "list", "events", "at the cluster scope"),
            "joe may not list events in the whole cluster: grant this permission, or use another identity.",
        ),
        (
            403,
            {"message": "no: unable to create new content in namespace web because it is being terminated"},
            "its namespace is being deleted: wait until it is gone, and run again.",
        ),
        (
            400,
            {"message": 'admission webhook "a" denied the request'},
            (
                'admission webhook "a" denied the request: an admission policy of the cluster forbids it: ask its '
                "administrators."
            ),
        ),
        (
            422,
            {
                "reason": "Invalid",
                "message": "long",
                "details": {"causes": [{"field": "type", "message": "field is immutable (e.g. x)"}] * 2},
            },
            "type: field is immutable: remove the object, so that it is created again.",
        ),
        (
            409,
            {"reason": "Conflict", "message": "x"},
            "someone else changed or replaced it in the meantime: run again.",
        ),
        (413, {"message": "Request entity too large"}, "Request entity too large: it is too large for the cluster."),
        (429, {}, "the answer has status 429: the cluster is overloaded; run again later."),
        (
            302,
            {},
            (
                "the answer has status 302 and is not from a Kubernetes API: check host or kubeconfig, and what is in "
                "between."
            ),
        ),
    ],
)
def test_what_is_said(status: int, body: dict[str, Any], words: str) -> None:
    assert refusal(ONE, status, body).words == f"Secret web/one: {words}"


@pytest.mark.parametrize(
    "guard", ['admission webhook "a" denied the request', "ValidatingAdmissionPolicy 'a' denied request"]
)
@pytest.mark.parametrize(
    ("more", "shown"),
    [({"resourceVersion": "1"}, True), ({}, True), ({"resourceVersion": "42"}, False), ({"uid": "x"}, False)],
)
def test_what_a_guard_says_of_a_secret_with_unknown_values_is_withheld(
    guard: str, more: dict[str, str], shown: bool
) -> None:
    data = {} if "uid" in more else {"data": {"a": "bmV3LXZhbHVl"}}
    manifest = {**ONE, "metadata": {**ONE["metadata"], **more}, **data}
    for words, is_shown in (("it was old-value", shown), ("it is new-value", False)):
        said = refusal(manifest, 403, {"message": f"x is forbidden: {guard}: {words}"}).words
        assert (words in said) is is_shown
        assert "withheld" in said or is_shown


@UNHURRIED
@given(st.integers(100, 599), STATUS)
def test_any_answer_gives_one_line(status: int, body: dict[str, Any]) -> None:
    words = refusal(ONE, status, body).words
    assert words.startswith("Secret web/one: ")
    assert words.splitlines() == [words]
    assert words.isprintable()


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        ({"msg": 'Failed to apply object: b\'{"kind":"Status","code":422,"message":"it\\\'s \\\\"x\\\\""}\\n\''}, 422),
        ({"msg": 'Failed to apply object: {"kind":"Status","code":403}'}, 403),
        ({"msg": "Exception '503\nReason: Service Unavailable\nHTTP response headers: {}' raised"}, 503),
        ({"msg": "Failed to apply object: b''", "reason": "Too Many Requests"}, 429),
        ({"msg": "Failed to find exact match for a/v1.B by [kind, name]"}, 404),
        ({"msg": "MODULE FAILURE", "exception": "Traceback\nx.UnauthorizedError: 401\nReason: Unauthorized\n"}, 401),
        ({"msg": "anything else"}, 0),
        ({}, 0),
    ],
)
def test_the_clusters_answer_in_what_a_module_says(failure: dict[str, str], status: int) -> None:
    assert status_in(failure)[0] == status


@UNHURRIED
@given(
    st.fixed_dictionaries({}, optional={name: st.text() for name in ("msg", "exception", "reason", "module_stderr")})
)
def test_any_failure_of_a_module_is_one_line(failure: dict[str, str]) -> None:
    status_in(failure)
    assert len(problem_in(failure).splitlines()) <= 1


def test_a_module_that_lacks_its_library_says_so() -> None:
    said = "Failed to import the required Python library (kubernetes) on jump's Python /usr/bin/python3."
    assert problem_in({"failed": True, "msg": said}) == said
