# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator in a browser: what its pages show, what they never show, and who may move the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from html.parser import HTMLParser
from typing import Any

import jwt
import pytest
import requests
from workload_credentials_emulator import Control, Emulator
from workload_credentials_emulator.front_door.html import element
from workload_credentials_emulator.front_door.status import in_time

from .client import OTHER_SITE, SITE, TOKEN, Api, new_session

# What a browser would fetch, run or send elsewhere.
_LOADING = {"script", "img", "iframe", "object", "embed", "base"}


class _Page(HTMLParser):
    """The text of a page, its elements, and the fields of its form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"

    @property
    def form(self) -> dict[str, str]:
        fields = [one for tag, one in self.elements if tag == "input"]
        return {str(one["name"]): str(one["value"]) for one in fields}


def _get(emulator: Emulator, address: str = "/", **options: Any) -> requests.Response:
    return new_session(emulator).get(emulator.url + address, timeout=20, **options)


def _page(emulator: Emulator, address: str = "/") -> _Page:
    response = _get(emulator, address)
    assert response.status_code == 200, response.text
    return _Page(response.text)


def _move(emulator: Emulator, headers: dict[str, str] | None = None, **fields: str) -> requests.Response:
    form = {**_page(emulator).form, **fields}
    session = new_session(emulator)
    return session.post(f"{emulator.url}/clock", form, headers=headers, timeout=20, allow_redirects=False)


@pytest.mark.smoke
def test_the_page_shows_items_leases_and_requests(emulator: Emulator, api: Api) -> None:
    api.folder("prod")
    api.static("db", "prod", username="value-canary")
    api.dynamic("app", "prod", type="azure")
    lease = api.generate("app", "prod")["leaseId"]
    text = _page(emulator).text
    assert "1 minted 1 active 0 revoked 0 expired" in text
    assert lease in text
    assert "static secret prod/db version 1 · keys username" in text
    assert "azure, 1 h · integration my-azure · 1 active leases" in text
    assert f"POST /site/{SITE}/secrets/dynamic/app/generate?folder=prod 201" in text
    api.done("DELETE", f"/leases/id/{lease}")
    api.done("DELETE", "/static/db", params={"folder": "prod"})
    text = _page(emulator).text
    assert "1 minted 0 active 1 revoked" in text
    assert "static secret prod/db deleted version 1" in text


def test_looking_is_no_request_of_the_api(emulator: Emulator, control: Control) -> None:
    for address in ("/", "/docs", "/openapi.json", "/ca.pem"):
        assert _get(emulator, address).status_code == 200
    assert control.journal() == []
    assert _get(emulator, "/nothing").status_code == 404
    assert [entry["path"] for entry in control.journal()] == ["/nothing"]


@pytest.mark.parametrize(
    "address",
    [
        "/static/db?token={0}",
        "/static/db?folder={0}",
        "/static/{0}",
        "/static/db?{0}=1",
        "/folders?path={0}&path=b",
        "/../{0}",
    ],
)
@pytest.mark.parametrize("secret", [TOKEN, "value-canary-of-a-secret", "integration-canary", "older-canary"])
def test_no_token_and_no_value_is_shown_wherever_a_client_puts_it(
    emulator: Emulator, api: Api, address: str, secret: str
) -> None:
    api.static("db", password="older-canary")
    api.done("PATCH", "/static/db", {"secret": {"password": {"inner": ["value-canary-of-a-secret"]}}})
    body = {
        "tenantId": "00000000-0000-0000-0000-000000000000",
        "clientId": "11111111-1111-1111-1111-111111111111",
        "clientSecret": "integration-canary",
    }
    api.done("POST", "/integrations/azure/main", body)
    api.send("GET", address.format(secret), headers={"User-Agent": f"curl/8 {secret}"})
    # The session would decode what need not be encoded.
    encoded = requests.Request("GET", f"{api.base}/static/x").prepare()
    encoded.url = api.base + address.format(secret.replace("a", "%61"))
    api.session.send(encoded, timeout=20, verify=emulator.ca_cert)
    page = _get(emulator).text
    assert "•••" in page
    assert secret not in page
    assert "canary" not in page
    assert "%61n" not in page


def test_a_parameter_that_the_api_does_not_have_is_named_only(emulator: Emulator, api: Api) -> None:
    api.send("GET", "/folders", params={"apikey": "unknown-canary", "recursive": "true"})
    text = _page(emulator).text
    assert "/folders?apikey=•••&recursive=true" in text
    new_session(emulator).get(f"{emulator.url}/unknown-canary", timeout=20)
    assert "canary" not in _get(emulator).text


@pytest.mark.parametrize("name", ["My-Database_2", "The-Database-Of-Orders-2026"])
def test_what_was_generated_is_hidden_though_nobody_keeps_it(emulator: Emulator, api: Api, name: str) -> None:
    api.dynamic("azure", type="azure")
    api.static(name, value="1")
    generated = api.generate("azure")
    token = jwt.encode({"aud": SITE}, "not-a-real-key-but-a-long-enough-one", "HS256")
    # The second is as Amazon's documentation writes them: no part between slashes looks odd.
    values = [generated["client_secret"], "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", token]
    for value in values:
        api.send("GET", f"/static/{name}", params={"folder": f"prod/{value}"})
        api.send("GET", f"/static/{value}")
        api.send("GET", f"/static/{name}", headers={"User-Agent": f"curl/8.1 {value}"})
    api.send("GET", f"/leases/id/{generated['leaseId'].upper()}")
    page = _get(emulator).text
    parts = {part for value in values for part in value.split("/")}
    assert [part for part in parts if escape(part) in page] == []
    assert page.count(f"/static/{name}?folder=•••") == 3
    assert page.count("curl/8.1<") == 3
    assert generated["leaseId"].upper() in page


def test_what_clients_send_is_text_and_no_html(emulator: Emulator, api: Api) -> None:
    for attack in ("<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "</td></table>&amp;"):
        api.send("GET", "/folders", params={"path": attack}, headers={"User-Agent": attack})
    page = _page(emulator)
    assert page.text.count("<script>alert(1)</script>") == 1
    assert not _LOADING.intersection(tag for tag, _attributes in page.elements)


def test_elements_escape_whatever_is_not_html() -> None:
    inner = element("b", "1 < 2")
    assert element("a", inner, "<", href='"', hidden=True, title=None) == (
        '<a href="&quot;" hidden><b>1 &lt; 2</b>&lt;</a>'
    )


@pytest.mark.parametrize("address", ["/", "/?live=1", "/docs"])
def test_pages_load_nothing_from_anywhere(emulator: Emulator, address: str) -> None:
    response = _get(emulator, address)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["Cache-Control"] == "no-store"
    page = _Page(response.text)
    assert not _LOADING.intersection(tag for tag, _attributes in page.elements)
    assert not [
        one for _tag, attributes in page.elements for one in attributes if one.startswith("on") or one == "style"
    ]
    links = [attributes.get("href") or "" for _tag, attributes in page.elements if "href" in attributes]
    assert [link for link in links if not link.startswith(("/", "data:,"))] == []
    assert ("meta", {"http-equiv": "refresh", "content": "2"}) in page.elements or "live" not in address


@pytest.mark.smoke
def test_the_clock_is_moved_from_the_page(emulator: Emulator, api: Api, control: Control) -> None:
    api.dynamic("app")
    api.generate("app")
    assert _move(emulator, advance="60").headers["Location"] == "/"
    assert _move(emulator, advance="60", live="1").headers["Location"] == "/?live=1"
    assert "2 min ahead of real time" in _page(emulator).text
    assert control.leases()["active"] == 1
    assert _move(emulator, advance="next").status_code == 303
    assert control.leases() == {**control.leases(), "active": 0, "expired": 1}
    assert _move(emulator, advance="reset").status_code == 303
    assert "UTC real time" in _page(emulator).text
    assert control.leases()["active"] == 1
    assert _move(emulator, advance="-86400").status_code == 303
    assert "1 d behind real time" in _page(emulator).text


@pytest.mark.parametrize("advance", ["", "soon", "nan", "inf", "1e300", "-1e11", "99999999999"])
def test_a_clock_is_not_moved_to_where_no_date_is(emulator: Emulator, control: Control, advance: str) -> None:
    assert _move(emulator, advance=advance).status_code == 400
    assert abs((datetime.fromisoformat(control.now()) - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({}, {"form_token": ""}),
        ({}, {"form_token": "other"}),
        ({"Origin": "https://elsewhere.example.com"}, {}),
        ({"Origin": "null"}, {}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Sec-Fetch-Site": "same-site"}, {}),
        ({"Host": "elsewhere.example.com"}, {}),
        ({"Host": "[bad"}, {}),
    ],
)
def test_another_site_does_not_move_the_clock(
    emulator: Emulator, control: Control, headers: dict[str, str], fields: dict[str, str]
) -> None:
    assert _move(emulator, headers, advance="86400", **fields).status_code in (400, 403)
    assert "UTC real time" in _page(emulator).text
    assert control.journal() == []


def test_its_own_form_does(emulator: Emulator) -> None:
    headers = {"Origin": emulator.url, "Sec-Fetch-Site": "same-origin"}
    assert _move(emulator, headers, advance="60").status_code == 303
    assert _get(emulator, "/clock").status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example.com", "Host": "elsewhere.example.com"},
    ],
)
def test_another_site_does_not_use_the_control_surface(
    emulator: Emulator, api: Api, control: Control, headers: dict[str, str]
) -> None:
    api.folder("kept")
    response = new_session(emulator).post(f"{emulator.url}/_control/reset", headers=headers, timeout=20)
    assert response.status_code == 403
    assert api.paths("/folders") == ["kept"]
    assert len(control.journal()) == 2


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:1", "a.localhost"])
def test_the_page_is_shown_under_the_names_of_this_machine(emulator: Emulator, host: str) -> None:
    assert _get(emulator, headers={"Host": host}).status_code == 200
    assert _get(emulator, headers={"Host": f"{host}.example.com".replace(":", "")}).status_code == 403


@pytest.fixture(scope="module")
def guarded() -> Iterator[Emulator]:
    """An emulator that other machines could reach."""
    names = {"tls_names": ["secrets-api"]}
    with Emulator([SITE], [TOKEN], control_token="control-canary", **names) as emulator:  # type: ignore[arg-type]
        yield emulator


def test_a_guarded_page_asks_for_the_control_token(guarded: Emulator) -> None:
    refused = _get(guarded)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    for user, password in (("anybody", TOKEN), ("control-canary", "")):
        assert _get(guarded, auth=(user, password)).status_code == 401
    for broken in ("Basic ?", "Basic", "Bearer control-canar", "Basic /w=="):
        assert _get(guarded, headers={"Authorization": broken}).status_code == 401
    assert _get(guarded, auth=("anybody", "control-canary"), headers={"Host": "secrets-api"}).status_code == 200
    assert _get(guarded, headers={"Authorization": "Bearer control-canary"}).status_code == 200
    moved = new_session(guarded).post(f"{guarded.url}/clock", {"advance": "60"}, timeout=20)
    assert moved.status_code == 401


def test_a_client_that_starts_with_nothing_fetches_the_authority(guarded: Emulator) -> None:
    assert guarded.ca_cert is not None
    response = _get(guarded, "/ca.pem")
    with open(guarded.ca_cert, "rb") as file:
        assert response.content == file.read()
    assert "PRIVATE KEY" not in response.text
    with Emulator([SITE], [TOKEN], tls=False) as plain:
        assert _get(plain, "/ca.pem").status_code == 404
        assert "ca.pem" not in _get(plain).text


@pytest.mark.smoke
def test_the_documentation_lists_every_operation(emulator: Emulator, control: Control) -> None:
    text = _page(emulator, "/docs").text
    description = _get(emulator, "/openapi.json").json()
    assert description == control.openapi()
    operations = [(method, path) for path, methods in description["paths"].items() for method in methods]
    assert len(operations) >= 40
    for method, path in operations:
        assert re.search(rf"\b{method.upper()} {re.escape(path)}(?= )", text), (method, path)
    assert f"{emulator.url}/site/{SITE}/secrets" in text


def test_each_site_is_shown(emulator: Emulator) -> None:
    text = _page(emulator).text
    assert f"Site {SITE}" in text
    assert f"Site {OTHER_SITE}" in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.6, "1 min"), (3600, "1 h"), (93784, "1 d 2 h"), (61, "1 min 1 s")]
)
def test_durations_have_two_units_at_most(seconds: float, words: str) -> None:
    assert in_time(seconds) == words
