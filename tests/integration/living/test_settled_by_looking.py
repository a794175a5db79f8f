# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an answer was lost, or only lists tell, it is looked what is there; and nothing waits that was not written."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.support.definitions import ROLE, do, populate
from tests.support.site import Site


@pytest.fixture
def living(site: Site) -> Site:
    populate(site)
    site.behave(living=True)
    return site


@pytest.mark.parametrize(
    ("module", "arguments", "path"),
    [
        ("static_secret", {"path": "prod/app"}, "/static/app"),
        ("static_secret", {"path": "prod/app", "permanent": True}, "/static/app"),
        ("folder", {"path": "empty"}, "/folders/empty"),
        ("integration", {"type": "aws", "name": "unused"}, "/integrations/aws/unused"),
    ],
)
def test_a_deletion_whose_answer_was_lost_is_done(
    living: Site, module: str, arguments: dict[str, Any], path: str
) -> None:
    do(living, "folder", path="empty")
    do(living, "integration", type="aws", name="unused", role_arn=ROLE)
    living.fault("drop_after", method="DELETE", path=path)
    assert do(living, module, **arguments, state="absent")["changed"]
    assert not do(living, module, **arguments, state="absent")["changed"]


def test_a_hidden_deletion_whose_answer_was_lost_says_so(living: Site) -> None:
    token = living.token_for("DeleteSecret")
    living.fault("drop_after", method="DELETE", path="/static/app")
    result = do(living, "static_secret", path="prod/app", state="absent", access_token=token)
    assert result["changed"]
    assert "no answer came" in result["warnings"][0]


@pytest.mark.parametrize("is_living", [False, True])
def test_a_restored_folder_lacks_what_it_never_held(site: Site, is_living: bool) -> None:
    do(site, "folder", path="a")
    do(site, "folder", path="a", state="absent")
    site.behave(living=is_living, read_lag=0)
    site.forget()
    assert do(site, "folder", path="a/b/c")["changed"]
    reads = [one for one in site.requests() if one == "GET /folders/c/metadata?folder=a/b"]
    assert len(reads) <= 2


def test_check_mode_knows_what_went_with_a_folder(site: Site) -> None:
    populate(site)
    assert do(site, "folder", path="prod", state="absent", recursive=True, permanent=True, check_mode=True)["changed"]
    assert do(site, "integration", type="aws", name="main", state="absent", check_mode=True)["changed"]


def test_what_check_mode_would_make_again_is_in_the_way_again(site: Site) -> None:
    do(site, "folder", path="prod")
    do(site, "static_secret", path="prod/app", secret={"a": "b"})
    absent = {"path": "prod/app", "state": "absent", "permanent": True}
    assert do(site, "static_secret", **absent, check_mode=True)["changed"]
    assert do(site, "folder", path="prod", state="absent", check_mode=True)["changed"]


def test_who_may_not_list_leases_may_foresee_the_rest(living: Site) -> None:
    do(living, "dynamic_credentials", path="prod/azure")
    token = living.token_for("ReadFolderMetadata", "DeleteFolder", "ListFolderContents", "ReadDynamicSecretMetadata")
    options = {"path": "prod", "state": "absent", "recursive": True, "access_token": token}
    assert do(living, "folder", **options, check_mode=True)["changed"]


def test_an_integration_that_lists_hide_is_not_compared(living: Site) -> None:
    own = ("ReadDynamicSecret", "UpdateDynamicSecret")
    wanted = {"path": "prod/aws", "type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 3600}
    for actions in (own, (*own, "ListIntegrations")):
        result = do(living, "dynamic_secret", **wanted, access_token=living.token_for(*actions))
        assert not result["changed"]
        assert "could not check whether" in result["warnings"][0]


def test_what_may_not_be_read_is_not_waited_for_because_of_other_writes(living: Site) -> None:
    # Another run made what is there.
    shutil.rmtree(living.writes_folder)
    token = living.token_for("DeleteSecret", "ListFolderContents", "ReadSecretMetadata")
    do(living, "folder", path="other")
    living.forget()
    do(living, "static_secret", path="prod/app", state="absent", access_token=token)
    assert len([one for one in living.requests() if one.startswith("GET /static/app")]) == 1


def test_parents_that_are_refused_without_a_code_may_be_there(living: Site) -> None:
    token = living.token_for("CreateFolder", path="prod")
    body = '{"error": "Forbidden"}'
    living.fault("body", method="POST", path="/folders/prod", body=body, status=403)
    assert do(living, "folder", path="prod/in", access_token=token)["changed"]


def test_a_lease_that_was_revoked_without_an_answer_is_gone(living: Site) -> None:
    lease = do(living, "dynamic_credentials", path="prod/azure")["lease_id"]
    timeout = {"status": 504, "code": "lease_revoke_timeout", "after_acting": True}
    # One refusal before, since the service does not know it yet.
    living.behave(living=True, lease_lag=0)
    living.fault("status", method="DELETE", path="/leases/id/", **timeout)
    do(living, "lease", lease_id=[lease])
    assert do(living, "lease", path="prod/azure")["revoked"] == []
