# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import (
    snake_case,
    view,
    without_secret,
)


def test_the_apis_words_are_in_snake_case() -> None:
    names = ("createdAt", "integrationId", "policyArns", "roleArn", "awsTags", "path", "activeLeaseCount")
    assert [snake_case(name) for name in names] == [
        "created_at",
        "integration_id",
        "policy_arns",
        "role_arn",
        "aws_tags",
        "path",
        "active_lease_count",
    ]


def test_what_users_chose_is_untouched() -> None:
    chosen = {"camelCase": {"innerKey": 1}, "path": "/x/"}
    shown = view({"path": "/prod/app", "secret": chosen, "metadata": {"tags": chosen}, "config": {"awsTags": chosen}})
    assert shown == {
        "path": "prod/app",
        "secret": chosen,
        "metadata": {"tags": chosen},
        "config": {"aws_tags": chosen},
    }


def test_a_view_without_its_secret() -> None:
    assert without_secret({"path": "a", "secret": {"x": 1}}) == {"path": "a"}
