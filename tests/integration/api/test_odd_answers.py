# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers nobody expected, over real connections: late, endless, huge, of another shape, with odd headers and texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api import client as wire
from ansible_collections.community.workload_credentials.plugins.module_utils._api import transport
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    ApiError,
    NoAnswerError,
    UnexpectedAnswerError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, Request, item

from tests.support.definitions import do, failure, populate
from tests.support.site import TOKEN, Site

SESSION = Request("GET", "/session")
AWS = {"accessKeyId": "a", "secretAccessKey": "canary-b", "sessionToken": "canary-c"}


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the client would have waited; the tests do not."""
    slept: list[float] = []
    monkeypatch.setattr(wire, "sleep", slept.append)
    return slept


@pytest.mark.parametrize("part", ["headers", "body"])
def test_what_drips_ends_with_the_timeout_and_its_connection_with_it(site: Site, part: str) -> None:
    client = site.client(timeout=1, retries=0)
    client.get(SESSION)
    site.fault("drip", part=part, size=80, seconds=0.05)
    with pytest.raises(NoAnswerError, match=r"no complete answer from .* within 1 s \(option timeout\)") as caught:
        client.get(SESSION)
    assert caught.value.ambiguous
    assert client.get(SESSION) == {"valid": True}
    before, dripping, after = (entry["connection"] for entry in site.journal())
    assert before == dripping != after


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_has_a_limit_and_below_it_is_read(site: Site, packed: bool) -> None:
    client = site.client(retries=0)
    site.fault("huge", size=8_000_000, packed=packed)
    assert client.get(SESSION) == {"valid": True}
    site.fault("huge", size=transport.MAX_SIZE, packed=packed)
    with pytest.raises(UnexpectedAnswerError, match="status 200, and an answer of more than 64 MiB") as caught:
        client.get(SESSION)
    assert caught.value.ambiguous
    assert client.get(SESSION) == {"valid": True}


@pytest.mark.parametrize(
    ("body", "headers", "says"),
    [
        ("null", {}, "the whole is null instead of an object"),
        ("", {}, "null instead of an object"),
        ('{"valid": 1}', {}, "valid is a number instead of true or false"),
        ('{"valid": true, "valid": true}', {}, "an object in it has a key twice"),
        ('{"valid": NaN}', {}, "NaN"),
        ('{"x": 1e999}', {}, "too large"),
        ('{"x": ' + "9" * 5000 + "}", {}, "too large"),
        ('{"x": ' + "[" * 120 + "]" * 120 + "}", {}, "nested too deeply"),
        ("[" * 100_000, {}, "nested too deeply"),
        ('{"x": "\\ud800"}', {}, "not Unicode"),
        ('{"x": "\xff"}', {}, "not UTF-8"),
        ('\xff\xfe{\x00"\x00', {}, "not UTF-8"),
        ('{"valid"', {}, "not JSON"),
        ('{"error": "line one\\n\\u001b[31mline \\u202etwo"}', {}, "but an error: line one line two"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_once_and_what_to_do(
    site: Site, body: str, headers: dict[str, str], says: str
) -> None:
    site.fault("body", body=body, headers=headers, status=201)
    with pytest.raises(UnexpectedAnswerError) as caught:
        site.client().get(SESSION)
    message = str(caught.value)
    assert message.startswith("GET /session: status 201, but ")
    assert says in message
    assert "Check that api_url is the address of the Secrets API" in message
    assert message.isprintable()


def test_a_byte_order_mark_and_unknown_fields_are_fine(site: Site) -> None:
    site.fault("body", body='\xef\xbb\xbf{"valid": true, "more": [{}]}')
    assert site.client().get(SESSION)["valid"] is True


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [
        ("7", 7.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        *((odd, None) for odd in ("²", "-5", "1.5", "soon", "7, 9", "1 Jan 99999 0:0")),
    ],
)
def test_a_wait_that_cannot_be_read_is_none(
    site: Site, retry_after: str, waited: float | None, waits: list[float]
) -> None:
    site.fault("status", status=429, retry_after=retry_after)
    assert site.client().get(SESSION) == {"valid": True}
    assert waits == [waited] if waited is not None else 0 < waits[0] < 1


@pytest.mark.parametrize(
    ("status", "retry_after", "says"),
    [
        (429, "9" * 500, "asks to wait 1000000000 s, longer than the 120 s that a task waits"),
        (503, 121, "It was tried once, and the service asks to wait 121 s, longer than the 120 s"),
        (503, 3, "It was tried 3 times, and the service asks to wait 3 s."),
        (502, None, "It was tried 3 times."),
        (504, None, "It was tried 3 times."),
        (500, None, "It was tried once."),
    ],
)
def test_a_failing_service_is_described_with_what_to_do(
    site: Site, status: int, retry_after: int | str | None, says: str
) -> None:
    site.fault("status", status=status, retry_after=retry_after, times=9)
    with pytest.raises(ApiError) as caught:
        site.client(retries=2).get(SESSION)
    assert says in str(caught.value)
    assert "repeat" in str(caught.value)


def test_a_services_message_is_one_cut_line(site: Site) -> None:
    message = "first\r\n\x1b[31msecond\x1b[0m \x1b]0;title\x07\u202ethird\u2028 " + "x" * 5000
    site.fault("status", status=400, code="a\nb", message=message)
    with pytest.raises(ApiError) as caught:
        site.client().get(SESSION)
    text = str(caught.value)
    assert "status 400 a b: first second third xxx" in text
    assert text.isprintable()
    assert len(text) < 600


def test_a_secret_is_withheld_in_whatever_form_it_is_repeated(site: Site) -> None:
    secret = "canary first\ncanary second"
    request = item("POST", "static", ResourcePath("", "app"), body={"secret": {"key": secret}}, replay=Replay.CREATE)
    for echo in (secret, "canary first canary second", "canary first\x1b[0m\r\ncanary second", f"x\n{TOKEN}"):
        site.fault("status", status=400, message=f"{'y' * 490} {echo}")
        with pytest.raises(ApiError, match="withheld"):
            site.client().send(request)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("body", {"body": '{"secret": null}'}),
        ("body", {"body": '{"secret": {}}'}),
        ("body", {"body": '{"secret": {"leaseId": 5}}'}),
        ("body", {"body": ""}),
        ("wrong_shape", {}),
        ("html", {}),
        ("huge", {"size": transport.MAX_SIZE, "packed": True}),
        ("drip", {"part": "body", "size": 80, "seconds": 0.05}),
        ("status", {"status": 503}),
    ],
)
def test_after_a_generate_a_lease_may_exist_whatever_was_answered(site: Site, kind: str, more: Any) -> None:
    populate(site)
    site.fault(kind, method="POST", after_acting=kind != "drip", **more)
    message = failure(site, "dynamic_credentials", path="prod/azure", timeout=1 if kind == "drip" else 30)
    assert "a lease of prod/azure may exist nevertheless" in message
    leases = site.leases()
    assert all(lease["id"] in message for lease in leases)
    assert len(leases) == (kind != "drip")
    assert len([line for line in site.requests() if line.startswith("POST")]) == 1


def test_after_a_revocation_the_leases_that_may_live_on_are_named(site: Site) -> None:
    populate(site)
    lease = do(site, "dynamic_credentials", path="prod/azure")["lease_id"]
    site.fault("wrong_shape", method="DELETE")
    message = failure(site, "lease", lease_id=[lease])
    assert f"Leases that may still be active: {lease} (until " in message


@pytest.mark.parametrize("lease_id", [{}, {"leaseId": None}, {"leaseId": ""}, {"leaseId": "no-uuid"}])
def test_a_lease_without_a_usable_id_is_a_warning_with_the_credentials(site: Site, lease_id: dict[str, object]) -> None:
    populate(site)
    site.fault("body", method="POST", body=json.dumps({"secret": {**AWS, **lease_id}}), status=201)
    result = do(site, "dynamic_credentials", path="prod/aws")
    # Nothing but the definition says when they expire then.
    assert result["credentials"] == {**AWS, **lease_id, "expiration": result["expiration"]}
    assert 3500 < result["seconds_left"] <= 3600
    assert "prod/aws: the service returned no lease ID" in result["warnings"][0]


@pytest.mark.parametrize(
    "body", ["", "<html>no such page</html>", "null", "[]", "{}", '{"detail": "Not Found"}', '{"message": [1]}']
)
def test_only_the_api_itself_says_that_something_is_not_there(site: Site, body: str) -> None:
    """A gateway's 404 would else be a lease that nobody ends, a deletion that is not done, or a default value."""
    populate(site)
    lease, unread = (do(site, "dynamic_credentials", path="prod/azure")["lease_id"] for _number in range(2))
    # One that cannot be read is ended all the same.
    site.fault("body", method="GET", body=body, status=404)
    assert do(site, "lease", lease_id=[unread])["revoked"] == [unread]
    reading: list[tuple[str, dict[str, Any]]] = [
        ("lease", {"path": "prod/azure"}),
        ("lease_info", {"path": "prod/azure"}),
        ("static_secret", {"path": "prod/app", "state": "absent"}),
        ("static_secret_info", {"path": "prod/app"}),
        ("folder", {"path": "prod/new"}),
    ]
    deleting: list[tuple[str, dict[str, Any]]] = [
        ("lease", {"lease_id": [lease]}),
        ("static_secret", {"path": "prod/app", "state": "absent"}),
    ]
    for method, cases in (("GET", reading), ("DELETE", deleting)):
        for module, arguments in cases:
            site.fault("body", method=method, body=body, status=404)
            message = failure(site, module, **arguments)
            assert f"{method} /" in message
            assert "status 404: the answer is not the API's own" in message
    assert lease in [one["id"] for one in do(site, "lease_info", path="prod/azure")["leases"]]


def test_a_restore_that_is_never_done_is_sent_twice(site: Site) -> None:
    populate(site)
    do(site, "static_secret", path="prod/app", state="absent")
    site.forget()
    site.fault("body", method="POST", path="/static/app/restore", body="{}", times=20)
    message = failure(site, "static_secret", path="prod/app", secret={"a": "b"})
    assert message.startswith("POST /static/app/restore?folder=prod: the service answered 2 times that this is done")
    assert len(site.writes()) == 2


def test_seconds_left_are_whole_and_never_negative(site: Site) -> None:
    populate(site)
    left = do(site, "dynamic_credentials", path="prod/aws")["seconds_left"]
    assert isinstance(left, int)
    assert 3500 < left <= 3600
    (lease,) = do(site, "lease_info", path="prod/aws")["leases"]
    assert 3500 < lease["seconds_left"] <= left
    kept = do(site, "lease", path="prod/aws")["not_revocable"]
    assert 3500 < kept[0]["seconds_left"] <= left


def test_a_missing_folder_is_named_as_the_first_that_is_missing(site: Site) -> None:
    populate(site)
    message = failure(site, "static_secret", path="prod/no/where/app", secret={"a": "b"})
    assert "prod/no/where/app: there is no folder prod/no; its parent prod exists. Create it first" in message


@pytest.mark.parametrize("part", ["metadata", "config"])
@pytest.mark.parametrize("odd", ['"text"', "[]", "7", '{"tags": 1, "roleArn": 1}'])
def test_a_creation_whose_answer_is_odd_is_done_and_read(site: Site, part: str, odd: str) -> None:
    body = f'{{"path": "x", "metadata": {{}}, "config": {{}}, "{part}": {odd}}}'.replace(f'"{part}": {{}}, ', "")
    made: list[tuple[str, dict[str, Any]]] = [
        ("folder", {"path": "prod"}),
        ("integration", {"type": "aws", "name": "main", "role_arn": "arn:aws:iam::123456789012:role/x"}),
        ("static_secret", {"path": "prod/app", "secret": {"a": "canary"}}),
        (
            "dynamic_secret",
            {
                "path": "prod/aws",
                "type": "aws",
                "integration_name": "main",
                "role_arn": "arn:aws:iam::123456789012:role/app",
                "ttl": 900,
            },
        ),
    ]
    for module, arguments in made:
        site.fault("body", method="POST", body=body, status=201, after_acting=True)
        assert do(site, module, **arguments)["changed"], module
        assert not do(site, module, **arguments)["changed"], module
