# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cedar: the texts that the service takes, and what they mean."""

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._access.actions import (
    DYNAMIC,
    FOLDER,
    INTEGRATION,
    PRODUCT,
    STATIC,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.cedar import (
    GROUP,
    ROLE,
    USER,
    WORKLOAD,
    CedarError,
    Grant,
    Principal,
    Resource,
    parse,
    render,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.support.connection import SITE

APP = Principal(WORKLOAD, "5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001")
# As the vendor's documentation and clients write it.
VENDORS = f"""@siteId("{SITE}")
permit(
  principal == Pathfinder::Workload::Id::"{APP.id}",
  action in [
    WorkloadCredentials::Action::"ReadSecret",
    WorkloadCredentials::Action::"UpdateSecret"
  ],
  resource == WorkloadCredentials::Secret::"/production/api-key"
);
"""
MEANING = Grant(SITE, APP, ("ReadSecret", "UpdateSecret"), Resource(STATIC, "production/api-key"))


def test_the_vendors_text_is_understood_and_written_alike() -> None:
    assert parse(VENDORS) == MEANING
    assert render(MEANING) == VENDORS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"/production', '"production'),
        ("\n", " "),
        ("permit(", '// permit(principal, "x\npermit('),
        ('Action::"UpdateSecret"', 'Action::"ReadSecret",\n    WorkloadCredentials::Action::"UpdateSecret",'),
        (SITE, SITE.upper()),
        ("permit(", '@id("by hand") permit('),
    ],
)
def test_texts_that_mean_the_same(old: str, new: str) -> None:
    assert VENDORS.replace(old, new) != VENDORS
    assert parse(VENDORS.replace(old, new)).meaning == MEANING.meaning


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"UpdateSecret"', '"DeleteSecret"'),
        ("Credentials::Secret", "Credentials::DynamicSecret"),
        ("/production", "/Production"),
        (SITE, SITE.replace("a", "b")),
        ("Workload::Id", "Group"),
        (APP.id, APP.id.upper()),
    ],
)
def test_texts_that_mean_something_else(old: str, new: str) -> None:
    assert parse(VENDORS.replace(old, new)).meaning != MEANING.meaning


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (VENDORS, "", "@siteId"),
        (f'@siteId("{SITE}")', "", "@siteId"),
        ("permit", f'@siteId("{SITE}") permit', "one @siteId"),
        ("permit(", '@"x" permit(', "a name is expected after '@'"),
        (SITE, "prod", "UUID"),
        ("permit", "forbid", "only permit"),
        (");", ") when { true };", "condition (when)"),
        (");", ") unless { true };", "condition (unless)"),
        (");", ");" + VENDORS, "one permit"),
        (");", ")", "';' is expected after ')', but the text ends"),
        ("principal ==", "principal in", "'==' is expected after 'principal', but 'in' was found"),
        ("Pathfinder::Workload::Id", "Workload", "Pathfinder::Workload::Id"),
        ("WorkloadCredentials::Secret", "Secret", "WorkloadCredentials::Secret"),
        ('Id::"', "Id::", "quotation marks"),
        (
            'resource == WorkloadCredentials::Secret::"/production/api-key"',
            "resource",
            "'==' or 'is' is expected after 'resource', but ')' was found",
        ),
        ("WorkloadCredentials::Secret", "WorkloadCredentials::Product", "resource is WorkloadCredentials::Product"),
    ],
)
def test_what_the_service_does_not_take_is_an_error_that_says_why(old: str, new: str, says: str) -> None:
    assert VENDORS.replace(old, new) != VENDORS
    with pytest.raises(CedarError, match=says.replace("(", r"\(").replace(")", r"\)")):
        parse(VENDORS.replace(old, new))


def test_a_keyword_in_a_text_is_none() -> None:
    path = '/production/when "unless" // forbid'
    grant = Grant(SITE, APP, ("ReadSecret",), Resource(STATIC, path.strip("/")))
    assert parse(render(grant)) == grant


def test_roles_of_the_product_stand_in_their_own_namespace() -> None:
    grant = Grant(SITE, Principal(GROUP, "ops"), ("Admin",), Resource(PRODUCT))
    assert 'Pathfinder::Action::"Admin"' in render(grant)
    assert "resource is WorkloadCredentials::Product" in render(grant)
    assert parse(render(grant)) == grant


def test_an_integration_is_its_bare_name() -> None:
    text = render(Grant(SITE, APP, ("ReadIntegration",), Resource(INTEGRATION, "main")))
    assert 'Integration::"main"' in text
    # The service binds no other spelling, so it is another resource.
    assert parse(text.replace('"main"', '"/aws/main"')).resource == Resource(INTEGRATION, "/aws/main")


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
PATHS = TEXTS.map(lambda text: text.strip("/"))
GRANTS = st.builds(
    Grant,
    st.just(SITE),
    st.builds(Principal, st.sampled_from((WORKLOAD, USER, GROUP, ROLE)), TEXTS),
    st.lists(TEXTS, min_size=1, max_size=4, unique=True).map(tuple),
    st.builds(Resource, st.sampled_from((FOLDER, STATIC, DYNAMIC, INTEGRATION)), PATHS),
)


@given(GRANTS)
def test_what_is_written_is_read_again(grant: Grant) -> None:
    assert parse(render(grant)) == grant


@given(st.text(max_size=300))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        parse(text)
    except CedarError as error:
        assert str(error)  # noqa: PT017  # it may be understood, too
