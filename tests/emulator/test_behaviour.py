# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sites that behave as the living service was seen to, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
import requests
from workload_credentials_emulator import Behaviour, Control, Emulator

from .client import MERGE_PATCH, OTHER_SITE, OTHER_TOKEN, SITE, TOKEN, Api, assert_refused, new_session

OLD, NEW = "bt-secrets-api-version", "bt-wlc-api-version"
UNKNOWN_SITE = "c1b2c3d4-e5f6-4890-abcd-ef1234567890"


def test_the_default_is_the_document_s(control: Control) -> None:
    assert control.behaviour() == control.behaviour(SITE) == asdict(Behaviour())


def test_a_site_behaves_by_itself(control: Control) -> None:
    assert control.behave(SITE, living=True) == asdict(Behaviour.living())
    assert control.behaviour(SITE) == asdict(Behaviour.living())
    assert control.behaviour() == control.behaviour(OTHER_SITE) == asdict(Behaviour())


def test_fields_change_what_holds_or_a_world(control: Control) -> None:
    control.behave(living=True, read_lag=0.0)
    control.behave(SITE.upper(), rate_limit=7)
    assert control.behaviour(SITE) == asdict(Behaviour.living(read_lag=0.0, rate_limit=7))
    assert control.behaviour(OTHER_SITE) == asdict(Behaviour.living(read_lag=0.0))
    control.behave(SITE, living=False, lists_lag=True)
    assert control.behaviour(SITE) == asdict(Behaviour(lists_lag=True))
    control.reset()
    assert control.behaviour() == control.behaviour(SITE) == asdict(Behaviour())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"readlag": 1}, "readlag"),
        ({"read_lag": -1}, "read_lag"),
        ({"read_lag": "1"}, "read_lag"),
        ({"rate_limit": -1}, "rate_limit"),
        ({"rate_window": 0}, "rate_window"),
        ({"azure_spelling": "kebab"}, "azure_spelling"),
        ({"any_patch_type": None}, "any_patch_type"),
    ],
)
def test_what_is_no_behaviour_is_refused_by_name(control: Control, change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        control.behave(**change)
    assert control.behaviour() == asdict(Behaviour())


def test_an_unknown_site_is_refused(control: Control) -> None:
    for ask in (control.behave, control.behaviour):
        with pytest.raises(ValueError, match="there is no site"):
            ask(UNKNOWN_SITE)


@pytest.fixture(scope="module")
def living() -> Iterator[Emulator]:
    """An emulator that was started as the living service."""
    with Emulator([SITE, OTHER_SITE], [TOKEN, OTHER_TOKEN], behaviour=Behaviour.living(), tls=False) as emulator:
        yield emulator


def test_a_reset_goes_back_to_what_it_was_started_with(living: Emulator) -> None:
    living.control.behave(living=False)
    living.control.reset()
    for site in ("", SITE, OTHER_SITE):
        assert living.control.behaviour(site) == asdict(Behaviour.living())


@pytest.mark.parametrize(
    ("site", "token", "status", "error"),
    [
        (SITE, "unknown", 401, "Personal access token not found"),
        (SITE, None, 401, "Personal access token not found"),
        (SITE, OTHER_TOKEN, 401, "Access denied for this site"),
        (UNKNOWN_SITE, TOKEN, 404, "Site not found"),
        (UNKNOWN_SITE, "unknown", 401, "Personal access token not found"),
    ],
)
def test_the_gateway_has_errors_of_its_own(
    living: Emulator, site: str, token: str | None, status: int, error: str
) -> None:
    response = Api(living, site=site, token=token).send("GET", "/session")
    assert (response.status_code, response.json()) == (status, {"error": error})


def test_the_gateway_refuses_an_exchange() -> None:
    with Emulator([SITE], [TOKEN], services=["ci"], behaviour=Behaviour.living(), tls=False) as emulator:
        response = Api(emulator).send("GET", "/session", headers={"X-BT-Service-Name": "other"})
    assert (response.status_code, response.json()) == (401, {"error": "OIDC workload exchange denied"})


def _wlc(api: Api, address: str, **headers: str | None) -> requests.Response:
    """Ask at the new address; a header's name is written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = api.base.removesuffix("/secrets") + "/wlc" + address
    return api.session.get(url, headers=named, timeout=20)


def test_the_new_address_is_none_of_the_document_s(api: Api) -> None:
    assert_refused(_wlc(api, "/session"), 404, "not_found")
    assert api.send("GET", "/session", headers={NEW: "anything"}).ok
    assert_refused(api.send("GET", "/session", headers={OLD: None, NEW: "2026-04-28"}), 400, "invalid_api_version")


@pytest.mark.parametrize(
    ("versions", "ok"),
    [
        ({OLD: "2026-04-28"}, True),
        ({NEW: "2026-04-28", OLD: None}, True),
        ({NEW: "2026-04-28", OLD: "2026-04-28"}, True),
        ({NEW: "2026-02-16", OLD: None}, False),
        ({OLD: None}, False),
    ],
)
def test_both_addresses_are_the_same_place(
    api: Api, control: Control, versions: dict[str, str | None], ok: bool
) -> None:
    api.static("app", value="1")
    control.behave(both_products=True)
    new = _wlc(api, "/static/app", **versions)
    old = api.send("GET", "/static/app", headers=versions)
    assert new.ok == old.ok == ok
    assert new.json() == old.json()
    assert _wlc(api, "/v1/session").ok


@pytest.mark.parametrize("content_type", ["application/json", MERGE_PATCH])
def test_a_patch_may_be_plain_json(api: Api, control: Control, content_type: str) -> None:
    api.static("app", value="1")
    address, body, headers = "/static/app", {"secret": {"value": "2"}}, {"Content-Type": content_type}
    if content_type != MERGE_PATCH:
        assert_refused(api.send("PATCH", address, body, headers=headers), 400, "invalid_content_type")
    control.behave(any_patch_type=True)
    api.done("PATCH", address, body, headers=headers)
    assert api.get("/static/app")["secret"] == {"value": "2"}
    assert_refused(
        api.send("PATCH", address, body, headers={"Content-Type": "text/plain"}), 400, "invalid_content_type"
    )


@pytest.mark.parametrize("kind", ["folders", "static", "dynamic"])
@pytest.mark.parametrize("path", ["/prod", "prod/", "/"])
def test_the_path_of_a_list_has_no_slash_at_its_ends(api: Api, control: Control, kind: str, path: str) -> None:
    api.folder("prod")
    api.folder("app", "prod")
    assert api.get(f"/{kind}", path=path)
    control.behave(strict_list_path=True)
    assert_refused(api.send("GET", f"/{kind}", params={"path": path}), 400, "invalid_request")
    assert api.paths("/folders", path="prod") == ["prod/app"]
    assert api.paths("/folders", path="") == ["prod"]
    assert api.static("app", "/prod/")["path"] == "prod/app"


@pytest.mark.parametrize("permanent", ["true", "false"])
def test_what_is_softly_deleted_keeps_its_folder(api: Api, control: Control, permanent: str) -> None:
    api.folder("prod")
    api.static("app", "prod")
    api.done("DELETE", "/static/app?folder=prod")
    control.behave(soft_deleted_count=True)
    query = {"permanent": permanent}
    assert_refused(api.send("DELETE", "/folders/prod", params=query), 409, "folder_not_empty")
    api.done("DELETE", "/folders/prod", params={**query, "recursive": "true"})


def test_by_the_document_it_does_not_keep_it_from_a_soft_deletion(api: Api) -> None:
    api.folder("prod")
    api.static("app", "prod")
    api.done("DELETE", "/static/app?folder=prod")
    api.done("DELETE", "/folders/prod")


def test_the_control_surface_refuses_what_is_no_object(emulator: Emulator) -> None:
    response = new_session(emulator).post(f"{emulator.url}/_control/behaviour", json=["living"], timeout=20)
    assert_refused(response, 400, "invalid_request")
