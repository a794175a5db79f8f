# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a real server over TLS: what may be sent again, what an error says, whom it trusts."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pytest
import trustme
from ansible_collections.community.workload_credentials.plugins.module_utils._api import client as wire
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    ApiError,
    ConflictError,
    NoAnswerError,
    NotFoundError,
    OptionError,
    StateError,
    UnexpectedAnswerError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, Request, item

from tests.support.proxy import refusing_proxy
from tests.support.site import TOKEN, Site

SESSION = Request("GET", "/session")
FOLDER = item("POST", "folders", ResourcePath("", "prod"), replay=Replay.CREATE)
ONCE = Request("POST", "/folders/once", replay=Replay.NEVER)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the client would have waited; the tests do not."""
    slept: list[float] = []
    monkeypatch.setattr(wire, "sleep", slept.append)
    return slept


def test_a_session_with_all_headers(site: Site) -> None:
    client = site.client(service_name="svc", auth_role="role-1", api_path_version="v1")
    assert client.get(SESSION) == {"valid": True}
    headers = site.journal()[-1]["headers"]
    assert headers["bt-secrets-api-version"] == "2026-04-28"
    assert headers["x-bt-service-name"] == "svc"
    assert headers["x-bt-role"] == "role-1"
    assert headers["x-bt-auth-type"] == "CUSTOM-IDP"
    assert TOKEN not in str(site.journal())


def test_identity_headers_are_absent_when_not_asked_for(site: Site) -> None:
    site.client().get(SESSION)
    assert not [name for name in site.journal()[-1]["headers"] if name.startswith("x-bt-")]


def test_requests_share_one_connection(site: Site) -> None:
    for _number in range(5):
        site.client().get(SESSION)
    assert len({entry["connection"] for entry in site.journal()}) == 1


def test_a_ca_as_text_is_trusted_like_its_file(site: Site) -> None:
    text = Path(site.emulator.ca_cert).read_text(encoding="utf-8")
    assert site.client(ca_cert=text).get(SESSION) == {"valid": True}


def test_an_unknown_ca_is_refused_at_once_and_the_option_named(site: Site, waits: list[float]) -> None:
    with pytest.raises(OptionError, match="^ca_cert: the certificate of .* is not trusted"):
        site.client(ca_cert=None).get(SESSION)
    assert waits == []


@pytest.mark.parametrize("name", ["elsewhere.example.com", "127.0.0.2"])
def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(
    site: Site, tmp_path: Path, name: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    received = []

    def serve(listening: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as connection:
            received.append(connection.recv(1))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve, args=(listening,))
        server.start()
        address = f"https://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(OptionError, match="^ca_cert: the certificate of .* is not trusted"):
            site.client(api_url=address, ca_cert=str(tmp_path / "ca.pem"), retries=0).get(SESSION)
        server.join()
    assert received in ([], [b""])


def test_validation_can_be_turned_off(site: Site) -> None:
    assert site.client(ca_cert=None, validate_certs=False).get(SESSION) == {"valid": True}


def test_requests_own_variable_for_a_ca_works(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(site.emulator.ca_cert))
    assert site.client(ca_cert=None, retries=3).get(SESSION) == {"valid": True}


def test_authorities_of_the_environment_must_be_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nowhere/ca.pem")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with pytest.raises(OptionError, match="^ca_cert: REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names a file that does not"):
        site.client(ca_cert=None).get(SESSION)
    # They are not asked for where the options say whom to trust.
    assert site.client().get(SESSION) == {"valid": True}


@pytest.mark.parametrize(
    ("environment", "is_loaded"),
    [({}, False), ({"NO_PROXY": "*"}, False), ({"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"}, True)],
)
def test_requests_is_loaded_only_for_proxies(
    site: Site, environment: dict[str, str], is_loaded: bool, tmp_path: Path
) -> None:
    program = f"""
import sys
from {wire.__name__} import Client
from {Request.__module__} import Request
from {type(site.settings()).__module__} import Settings
assert Client(Settings(**{asdict(site.settings())!r})).get(Request("GET", "/session")) == {{"valid": True}}
print("requests" in sys.modules)
"""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**clean, **environment}, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == f"{is_loaded}\n"


def test_a_netrc_file_does_not_replace_the_token(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert site.client().get(SESSION) == {"valid": True}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_reads_are_tried_again(site: Site, status: int, waits: list[float]) -> None:
    site.fault("status", status=status, times=2)
    assert site.client().get(SESSION) == {"valid": True}
    assert len(site.requests()) == 3
    assert 0 < waits[0] < waits[1] * 2


def test_the_service_says_how_long_to_wait(site: Site, waits: list[float]) -> None:
    site.fault("status", status=429, retry_after=7)
    site.client().get(SESSION)
    assert waits == [7.0]


def test_more_patience_than_a_task_has_is_an_error_at_once(site: Site, waits: list[float]) -> None:
    site.fault("status", status=503, retry_after=3600)
    with pytest.raises(ApiError, match="status 503"):
        site.client().get(SESSION)
    assert waits == []


def test_retries_end(site: Site) -> None:
    site.fault("status", status=503, times=9)
    with pytest.raises(ApiError):
        site.client(retries=2).get(SESSION)
    assert len(site.requests()) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 501])
def test_refusals_are_not_tried_again(site: Site, status: int) -> None:
    site.fault("status", status=status, times=9)
    with pytest.raises(ApiError):
        site.client().get(SESSION)
    assert len(site.requests()) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_read_whose_answer_is_lost_is_tried_again(site: Site, kind: str) -> None:
    site.fault(kind)
    assert site.client().get(SESSION) == {"valid": True}


def test_a_creation_whose_answer_was_lost_meets_itself(site: Site) -> None:
    site.fault("drop_after", method="POST")
    with pytest.raises(ConflictError) as caught:
        site.client().send(FOLDER)
    assert caught.value.after_ambiguous


def test_a_creation_that_never_arrived_is_simply_repeated(site: Site) -> None:
    site.fault("drop_before", method="POST")
    assert site.client().send(FOLDER)["path"] == "prod"


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_what_must_not_happen_twice_is_not_sent_twice(site: Site, kind: str) -> None:
    site.fault(kind, method="POST", times=9)
    with pytest.raises(NoAnswerError) as caught:
        site.client().send(ONCE)
    assert caught.value.ambiguous
    assert len(site.requests()) == 1


@pytest.mark.parametrize(("status", "sent"), [(429, 2), (502, 1), (503, 1), (504, 1)])
def test_what_must_not_happen_twice_waits_only_where_it_cannot_have_happened(
    site: Site, status: int, sent: int
) -> None:
    site.fault("status", status=status)
    if sent == 1:
        with pytest.raises(ApiError):
            site.client().send(ONCE)
    else:
        site.client().send(ONCE)
    assert len(site.requests()) == sent


def test_no_server_is_an_error_with_the_address(site: Site) -> None:
    with pytest.raises(NoAnswerError, match="no connection to http://127.0.0.1:9") as caught:
        site.client(api_url="http://127.0.0.1:9").get(SESSION)
    assert not caught.value.ambiguous


def test_plain_http_where_tls_is_spoken_and_the_other_way_round(site: Site) -> None:
    with pytest.raises((NoAnswerError, UnexpectedAnswerError)):
        site.client(api_url=site.emulator.url.replace("https", "http"), retries=0).get(SESSION)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(407, "requires authentication"), (502, "refuses to connect to it"), (None, "does not answer")],
)
def test_what_a_proxy_does_is_told_of_the_proxy(
    site: Site, monkeypatch: pytest.MonkeyPatch, answer: int | None, said: str
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with refusing_proxy(answer) as address, monkeypatch.context() as patch:
        # Not for what the site's own end sends.
        patch.setenv("HTTPS_PROXY", address)
        with pytest.raises(NoAnswerError, match=f"the proxy for .* {said}.*: check HTTPS_PROXY and NO_PROXY") as error:
            site.client(retries=0).get(SESSION)
        assert not error.value.ambiguous


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://[::1",
        "://",
        "http://u:canary@",
        "ftp://x",
    ],
)
def test_a_proxy_that_is_none_is_told_of_the_proxy(site: Site, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with monkeypatch.context() as patch:
        patch.setenv("HTTPS_PROXY", address)
        with pytest.raises(StateError, match="does not have a proxy's address.* Check HTTPS_PROXY") as error:
            site.client(retries=0).get(SESSION)
    assert "canary" not in str(error.value)


def test_a_redirect_is_refused(site: Site) -> None:
    site.fault("redirect", location="https://127.0.0.1:9/elsewhere")
    with pytest.raises(UnexpectedAnswerError, match="redirect"):
        site.client().get(SESSION)


@pytest.mark.parametrize("kind", ["html", "malformed", "wrong_shape"])
def test_what_is_not_the_apis_answer_is_a_clear_error(site: Site, kind: str) -> None:
    site.fault(kind, status=200)
    with pytest.raises(UnexpectedAnswerError, match="GET /session: status 200"):
        site.client().get(SESSION)


def test_an_error_keeps_status_code_message_method_and_path(site: Site) -> None:
    with pytest.raises(NotFoundError) as caught:
        site.client().get(item("GET", "static", ResourcePath("prod", "app")))
    error = caught.value
    assert (error.status, error.method, error.path) == (404, "GET", "/static/app?folder=prod")
    assert error.code
    assert error.api_message


def test_a_message_that_repeats_a_secret_is_withheld(site: Site) -> None:
    body = {"secret": {"password": "value-canary"}}
    request = item("POST", "static", ResourcePath("", "app"), body=body, replay=Replay.CREATE)
    for echo in ("value-canary", TOKEN):
        site.fault("status", status=400, code="bad", message=f"cannot store {echo}")
        with pytest.raises(ApiError) as caught:
            site.client().send(request)
        assert echo not in str(caught.value)
        assert "withheld" in str(caught.value)
        assert caught.value.code == "bad"


@pytest.mark.parametrize(
    ("code", "message", "kept"),
    [
        ("resource_exists", "value-canary is there", "resource_exists"),
        ("holds_canary_4711", "taken", ""),
        ("canary_4711", "value-canary is there", ""),
        ("No code at all: x", "value-canary is there", ""),
    ],
)
def test_a_code_outlives_a_message_that_is_withheld(site: Site, code: str, message: str, kept: str) -> None:
    body = {"secret": {"password": "value-canary", "other": "canary_4711"}}
    request = item("POST", "static", ResourcePath("", "app"), body=body, replay=Replay.CREATE)
    site.fault("status", status=409, code=code, message=message)
    with pytest.raises(ConflictError, match="withheld") as caught:
        site.client().send(request)
    assert caught.value.code == kept
    assert not re.search("value-canary|canary_4711", str(caught.value))


def test_a_deletion_of_what_is_gone_is_done(site: Site) -> None:
    assert site.client().send(item("DELETE", "static", ResourcePath("", "gone"))) is None


def test_a_failing_integration_test_is_tried_again_as_permissions_spread(site: Site, waits: list[float]) -> None:
    body = {"type": "aws", "roleArn": "arn:aws:iam::123456789012:role/x"}
    settling = ("aws_integration_test_failed",)
    request = Request("POST", "/integrations/aws/main", body=body, replay=Replay.CREATE, settling=settling)
    site.provider_fails("integration_test", times=2)
    assert site.client().send(request)["name"] == "main"
    assert waits == [5.0, 10.0]


def test_a_token_file_may_change_between_requests(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    client = site.client(access_token=None, access_token_file=str(file))
    client.get(SESSION)
    file.write_text("wrong")
    with pytest.raises(ApiError, match="status 401"):
        client.get(SESSION)


def test_lists_need_their_list(site: Site) -> None:
    site.fault("wrong_shape", status=200)
    with pytest.raises(UnexpectedAnswerError):
        site.client().items(Request("GET", "/folders"))


def test_unknown_site_is_forbidden(site: Site) -> None:
    with pytest.raises(ApiError, match="status 403"):
        site.client(site_id="00000000-0000-4000-8000-00000000ffff").get(SESSION)
