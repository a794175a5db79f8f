# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of Cedar that is understood: what the vendor's documentation shows, and nothing besides."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workload_credentials_emulator.actions import ALL_ACTIONS
from workload_credentials_emulator.errors import ApiError
from workload_credentials_emulator.platform.cedar import PRINCIPALS, RESOURCES, Policy, Resource, parse
from workload_credentials_emulator.tokens import Principal

from .client import SITE

GOOD = f"""@siteId("{SITE}")
permit(
  principal == Pathfinder::User::Email::"devops@example.com",
  action == WorkloadCredentials::Action::"Owner",
  resource == WorkloadCredentials::Folder::"/production"
);"""


@pytest.mark.smoke
def test_what_it_says() -> None:
    expected = Policy(SITE, Principal("user", "devops@example.com"), ("Owner",), Resource("folder", "/production"))
    assert parse(GOOD) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", " "),
        ("\n", "\r\n"),
        ("\n", '\n// permit(when forbid "\n'),
        ("  ", ""),
        (" ", "\t \n"),
        ("::", " :: "),
        ("principal ==", "principal in"),
        ("resource ==", "resource in"),
        ("action ==", "action in"),
        ('WorkloadCredentials::Action::"Owner"', '[WorkloadCredentials::Action::"Owner"]'),
        ("action == W", "action in W"),
        ("@siteId", '@id("first")@siteId'),
        (SITE, SITE.upper()),
        ('"/production"', '"/prod\\u{75}ctio\\x6e"'),
    ],
)
def test_what_means_the_same(old: str, new: str) -> None:
    text = GOOD.replace(old, new)
    if "in [" not in text and "[" in text:
        text = text.replace("action ==", "action in")
    assert parse(text) == parse(GOOD)


def test_several_actions_and_the_product() -> None:
    text = GOOD.replace(
        '== WorkloadCredentials::Action::"Owner"',
        'in [WorkloadCredentials::Action::"ReadSecret", Pathfinder::Action::"Auditor"]',
    )
    text = text.replace('== WorkloadCredentials::Folder::"/production"', "is WorkloadCredentials::Product")
    policy = parse(text)
    assert policy.actions == ("ReadSecret", "Auditor")
    assert policy.resource == Resource("product", None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("permit", "forbid", "must begin with permit, not with forbid"),
        ("permit", "Permit", "must begin with permit"),
        (";", ' when { context.ip == "10.0.0.1" };', "when and unless"),
        (";", " unless { true };", "when and unless"),
        (";", "", "expected ;"),
        (";", f";\n{GOOD}", "exactly one statement"),
        (");", ",\n);", "expected )"),
        ("Pathfinder::User::Email", "User", "a principal must be one of Pathfinder::Workload::Id"),
        ("Pathfinder::User::Email", "Pathfinder::User", "a principal must be one of"),
        ('"devops@example.com"', '""', "a principal must be one of"),
        ("principal ==", "principal is", "expected == or in"),
        ('principal == Pathfinder::User::Email::"devops@example.com"', "principal", "expected == or in"),
        ("principal", "resource", "expected principal"),
        ("Folder", "folder", "a resource must be one of"),
        ("WorkloadCredentials::Folder", "Folder", "a resource must be one of"),
        ("resource == ", "resource is ", "is must be followed by WorkloadCredentials::Product"),
        ("Owner", "owner", "there is no action"),
        ("Owner", "Admin", "there is no action"),
        ("WorkloadCredentials::Action", "WorkloadCreds::Action", "there is no action"),
        ('WorkloadCredentials::Action::"Owner"', 'Pathfinder::Action::"Admin"', "apply to the product only"),
        ('== WorkloadCredentials::Action::"Owner"', "in []", "expected"),
        ('== WorkloadCredentials::Action::"Owner"', 'in [WorkloadCredentials::Action::"Owner",]', "expected"),
        ('== WorkloadCredentials::Action::"Owner"', '== [WorkloadCredentials::Action::"Owner"]', "expected"),
        ('"/production"', "'/production'", "line 5 cannot be read"),
        ('"/production"', '"/production', "line 5 cannot be read"),
        ('"/production"', '"/pro\\duction"', "an escape that does not exist"),
        ('"/production"', '"\\u{d800}"', "an escape that does not exist"),
        ('"/production"', '"\\u{110000}"', "an escape that does not exist"),
        ("@siteId", f'@siteId("{SITE}")@siteId', "is there twice"),
        ("@siteId", "\ufeff@siteId", "line 1 cannot be read"),
        ("permit", "/* permit */ permit", "line 2 cannot be read"),
    ],
)
def test_what_is_not_understood(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ApiError) as raised:
        parse(GOOD.replace(old, new, 1))
    assert (raised.value.status, raised.value.code) == (400, "invalid_cedar_syntax")
    assert message in raised.value.message


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\u{{{ord(one):x}}}" if one in '"\\' or one < " " else one for one in text) + '"'


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(
    st.sampled_from(sorted(PRINCIPALS)),
    _TEXT,
    st.lists(st.sampled_from(sorted(ALL_ACTIONS)), min_size=1, max_size=4),
    st.sampled_from(sorted(RESOURCES)),
    _TEXT,
    st.sampled_from(["", " ", "\n", "\t", '// comment, " and )\n']),
)
def test_every_policy_is_read_as_it_was_meant(
    principal: str, who: str, actions: list[str], resource: str, what: str, space: str
) -> None:
    listed = f"{space},".join(f'WorkloadCredentials::Action::"{action}"' for action in actions)
    text = space.join(
        [
            *("", "@", "siteId", "(", f'"{SITE}"', ")", "permit", "("),
            *("principal", "==", principal, "::", _quoted(who), ","),
            *("action ", "in ", "[", listed, "]", ","),
            *("resource", "==", resource, "::", _quoted(what), ")", ";", ""),
        ]
    )
    if PRINCIPALS[principal] == "workload":
        who = who.lower()
    expected = Policy(SITE, Principal(PRINCIPALS[principal], who), tuple(actions), Resource(RESOURCES[resource], what))
    assert parse(text) == expected


@given(st.integers(0, len(GOOD) - 1), st.text(max_size=3))
def test_whatever_is_written_is_read_or_refused(place: int, put: str) -> None:
    # A defect would be another error.
    with suppress(ApiError):
        parse(GOOD[:place] + put + GOOD[place + 1 :])
