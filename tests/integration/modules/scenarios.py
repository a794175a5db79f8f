# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plays do with each module, step by step: arguments, and what is expected of the step.

Every step runs in check mode first and then really, in the worker and as a module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

COLLECTION = "community.workload_credentials"
ROLE = "arn:aws:iam::123456789012:role/service"
APP_ROLE = "arn:aws:iam::123456789012:role/app"
TENANT = "00000000-0000-4000-8000-000000000001"
CLIENT = "00000000-0000-4000-8000-000000000002"
OBJECT = "00000000-0000-4000-8000-000000000003"
LEASE = "00000000-0000-4000-8000-00000000dead"
# The scenario whose steps run as module processes.
EVERY_MODULE = "every module"


@dataclass(frozen=True)
class Step:
    """``changed`` None: the step fails, with a message that holds ``says``.

    ``writes`` are the requests that are not reads, as a journal line's start; None: not looked at.
    ``check_fails`` False: what fails is known only by trying. ``foreseen``: what is missing could be made by an
    earlier task, so that check mode warns with the same words, and is ``changed`` where that is a change.
    """

    module: str
    arguments: dict[str, Any] = field(default_factory=dict)
    changed: bool | None = False
    writes: list[str] | None = None
    says: str = ""
    check_fails: bool = True
    foreseen: bool | None = None

    def task(self, *, check: bool) -> dict[str, Any]:
        """The step as a task."""
        return {"name": self.module, f"{COLLECTION}.{self.module}": _unwritten(self.arguments), "check_mode": check}


def _unwritten(value: Any) -> Any:
    """The same value, made at run time: ansible-core shows a playbook's lines around a failure."""
    if isinstance(value, dict):
        return {key: _unwritten(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unwritten(inner) for inner in value]
    if isinstance(value, str) and "canary" in value:
        before, _canary, after = value.partition("canary")
        return "{{ '" + before + "can' ~ 'ary" + after + "' }}"
    return value


# One request at a time, so that both ways send them in the same order.
TREE = {
    "root": "prod",
    "static_secrets": {"db/app": {"secret": {"k": "canary-1"}}},
    "integrations": {"aws/main": {"role_arn": ROLE}},
    "dynamic_secrets": {
        "db/aws": {"type": "aws", "integration_name": "main", "role_arn": APP_ROLE, "ttl": 900},
    },
    "concurrency": 1,
}
SCENARIOS: dict[str, list[Step]] = {
    EVERY_MODULE: [
        Step("session_info"),
        Step("folder", {"path": "prod", "tags": {"env": "x"}}, True, ["POST", "PATCH"]),
        Step("folder_info", {}),
        Step("folder", {"path": "prod", "tags": {"a": "1", "A": "2"}}, None, [], says="tags: two keys"),
        Step("static_secret", {"path": "prod/app", "secret": {"password": "canary-one", 1: None}}, True, ["POST"]),
        Step("static_secret", {"path": "prod/app", "secret": {"password": "canary-two"}}, True, ["PATCH"]),
        Step("static_secret_info", {"path": "prod/app"}),
        Step("integration", {"type": "aws", "name": "main", "role_arn": ROLE}, True, ["POST"]),
        Step("integration_info", {"type": "aws"}),
        Step("static_secret", {"path": "nowhere/x", "secret": {"a": "canary"}}, None, [], "nowhere", foreseen=True),
        Step(
            "dynamic_secret",
            {"path": "prod/aws", "type": "aws", "integration_name": "main", "role_arn": APP_ROLE, "ttl": 900},
            True,
            ["POST"],
        ),
        Step("dynamic_secret_info", {"folder": "prod"}),
        Step("dynamic_credentials", {"path": "prod/aws"}, True, ["POST"]),
        Step("lease_info", {"path": "prod/aws"}),
        Step("lease_report", {}),
        Step("lease", {"path": "prod/aws"}, False, []),
        Step("tree", {"root": "prod", "static_secrets": {"app": {"tags": {"a": "b"}}}}, True, ["PATCH"]),
        Step("tree_info", {"root": "prod"}),
        Step("folder_info", {"folder": "nowhere"}, None, says="nowhere", foreseen=False),
        Step("session_info", {"access_token": "wrong-token-canary"}, None, says="status 401"),
        Step("session_info", {"site_id": "nonsense"}, None, says="site_id: 'nonsense' is not a UUID"),
        Step("session_info", {"sitte_id": "x"}, None, says="Unsupported parameters"),
    ],
    "folders": [
        Step("folder", {"path": "prod"}, True, ["POST /folders/prod"]),
        Step("folder", {"path": "prod"}, False, []),
        Step("folder", {"path": "/prod/"}, False, []),
        Step(
            "folder",
            {"path": "prod/a/b", "tags": {"Env": "x"}},
            True,
            ["POST /folders/a", "POST /folders/b", "PATCH /folders/b/metadata/tags"],
        ),
        Step("folder", {"path": "prod/a/b", "tags": {"env": "x"}}, False, []),
        Step("folder", {"path": "prod/a/b", "tags": {"env": "y", "more": "1"}}, True, ["PATCH"]),
        Step("folder", {"path": "prod/a/b", "tags": {"more": "1"}, "purge_tags": True}, True, ["PUT"]),
        Step("folder", {"path": "prod/a/b", "tags": {}, "purge_tags": True}, True, ["DELETE /folders/b/metadata/tags"]),
        Step("folder", {"path": "other/x", "parents": False}, None, says="other does not exist", foreseen=True),
        Step("folder", {"path": "prod/a", "state": "absent"}, None, says="recursive=true"),
        Step("folder", {"path": "prod/a", "state": "absent", "recursive": True}, True, ["DELETE /folders/a"]),
        Step("folder", {"path": "prod/a", "state": "absent", "recursive": True}, False, []),
        Step("folder", {"path": "prod/a/b", "on_deleted": "fail"}, None, says="on_deleted=restore"),
        Step("folder", {"path": "prod/a"}, True, ["POST /folders/a/restore"]),
        Step("folder", {"path": "prod/a/b", "state": "absent"}, True, ["DELETE /folders/b"]),
        Step("folder", {"path": "prod/a/b", "state": "absent", "permanent": True}, True, ["DELETE /folders/b"]),
        Step("folder", {"path": "prod/a/b", "state": "absent", "permanent": True}, False, []),
        Step("folder", {"path": "prod/a", "state": "absent"}, True, ["DELETE"]),
        Step("folder", {"path": "prod/a", "on_deleted": "replace"}, True, ["DELETE /folders/a", "POST /folders/a"]),
        Step("folder", {"path": "prod/bad name"}, None, [], says="path: the character ' '"),
        Step("folder", {"path": "prod", "tags": {"a": "1", "A": "2"}}, None, [], says="tags: two keys"),
        Step("folder_info", {}),
        Step("folder_info", {"folder": "prod", "recursive": True}),
        Step("folder_info", {"deleted_only": True}),
        Step("folder_info", {"folder": "nowhere"}, None, says="nowhere", foreseen=False),
    ],
    "static secrets": [
        Step("folder", {"path": "prod/db"}, True),
        Step(
            "static_secret",
            {"path": "prod/db/app", "secret": {"user": "app", "password": "canary-one", "port": 3}},
            True,
            ["POST /static/app"],
        ),
        Step(
            "static_secret",
            {"path": "prod/db/app", "secret": {"user": "app", "password": "canary-one", "port": 3}},
            False,
            [],
        ),
        Step(
            "static_secret", {"path": "prod/db/app", "secret": {"password": "canary-two"}}, True, ["PATCH /static/app"]
        ),
        Step("static_secret", {"path": "prod/db/app", "secret": {"port": None}}, True, ["PATCH"]),
        Step("static_secret", {"path": "prod/db/app", "secret": {"port": None}}, False, []),
        Step(
            "static_secret", {"path": "prod/db/app", "secret": {"deep": {"a": ["canary-é", 1, True]}}}, True, ["PATCH"]
        ),
        Step("static_secret", {"path": "prod/db/app", "secret": {"deep": {"a": ["canary-é", 1, True]}}}, False, []),
        Step(
            "static_secret",
            {"path": "prod/db/app", "secret": {"user": "app"}, "purge_keys": True, "tags": {"env": "prod"}},
            True,
            ["PATCH /static/app", "PATCH /static/app/metadata/tags"],
        ),
        Step("static_secret", {"path": "prod/db/app", "version": 1}, True, ["PATCH /static/app"]),
        Step("static_secret", {"path": "prod/db/app", "version": 1}, False, []),
        Step("static_secret", {"path": "prod/db/app", "version": 99}, None, [], says="no version 99", foreseen=True),
        Step("static_secret", {"path": "prod/db/app", "version": 0}, None, [], says="versions start at 1"),
        Step("static_secret", {"path": "prod/db/app", "tags": {"env": None}}, True, ["PATCH"]),
        Step("static_secret", {"path": "prod/db/empty", "secret": {}}, True, ["POST"]),
        Step("static_secret", {"path": "prod/db/empty", "secret": {}}, False, []),
        Step("static_secret", {"path": "prod/db/keys", "secret": {True: "a", None: "b", 1.5: "c", 2: "d"}}, True),
        Step("static_secret", {"path": "prod/db/keys", "secret": {"true": "a", "null": "b", "1.5": "c", "2": "d"}}),
        Step(
            "static_secret", {"path": "prod/db/keys", "secret": {"a": ["canary", float("nan")]}}, None, [], says="NaN"
        ),
        Step(
            "static_secret", {"path": "prod/db/keys", "secret": {"a": {"b": float("inf")}}}, None, [], says="secret: "
        ),
        Step(
            "static_secret",
            {"path": "nowhere/app", "secret": {"a": "canary-x"}},
            None,
            [],
            says="nowhere does not exist",
            foreseen=True,
        ),
        Step("static_secret", {"path": "prod/db/app", "secret": "canary-no-dict"}, None, [], says="secret"),
        Step("static_secret", {"path": "prod/db/app", "state": "absent"}, True, ["DELETE /static/app"]),
        Step("static_secret", {"path": "prod/db/app", "state": "absent"}, False, []),
        Step(
            "static_secret",
            {"path": "prod/db/app", "secret": {"a": "b"}, "on_deleted": "fail"},
            None,
            says="on_deleted",
        ),
        Step("static_secret_info", {"folder": "prod/db", "deleted_only": True}),
        Step(
            "static_secret",
            {"path": "prod/db/app", "secret": {"password": "canary-four"}},
            True,
            ["POST /static/app/restore", "PATCH /static/app"],
        ),
        Step("static_secret_info", {"path": "prod/db/app", "versions": True}),
        Step("static_secret_info", {"path": "prod/db/app", "version": 2}),
        Step("static_secret_info", {"path": "prod/db/app", "values": False}),
        Step("static_secret_info", {"folder": "prod", "recursive": True}),
        Step("static_secret_info", {"path": "prod/db/nothing"}),
        Step("static_secret_info", {"folder": "nowhere"}, None, says="nowhere", foreseen=False),
        Step(
            "static_secret",
            {"path": "prod/db/new", "version": 2},
            None,
            [],
            says="no version to restore",
            foreseen=True,
        ),
        Step("static_secret_info", {}, None, says="one of the following is required: path, folder"),
        Step("static_secret", {"path": "prod/db/app", "state": "absent", "permanent": True}, True, ["DELETE"]),
        Step("folder", {"path": "prod/db", "state": "absent", "recursive": True}, True),
        Step(
            "static_secret",
            {"path": "prod/db/app", "secret": {"a": "b"}},
            None,
            [],
            says="folder_deleted",
            foreseen=True,
        ),
    ],
    "integrations": [
        Step("integration", {"type": "aws", "name": "main"}, None, [], says="role_arn: ", foreseen=True),
        Step("integration", {"type": "aws", "name": "main", "role_arn": ROLE}, True, ["POST /integrations/aws/main"]),
        Step("integration", {"type": "aws", "name": "main", "role_arn": ROLE}, False, []),
        Step("integration", {"type": "aws", "name": "main", "role_arn": ROLE + "2"}, True, ["PATCH"]),
        Step(
            "integration", {"type": "aws", "name": "main", "tenant_id": TENANT}, None, [], says="tenant_id: it belongs"
        ),
        Step("integration", {"type": "aws", "name": "bad/name"}, None, [], says="name: "),
        Step(
            "integration",
            {"type": "azure", "name": "az", "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "canary-azure"},
            True,
            ["POST /integrations/azure/az"],
        ),
        Step(
            "integration",
            {"type": "azure", "name": "az", "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "canary-new"},
            False,
            [],
        ),
        Step(
            "integration",
            {"type": "azure", "name": "az", "client_secret": "canary-new", "update_secret": "always"},
            True,
            ["PATCH"],
        ),
        Step("integration_info", {}),
        Step("integration_info", {"type": "aws", "name": "main", "dynamic_secrets": True}),
        Step("integration_info", {"name": "main"}, None, says="type"),
        Step(
            "integration", {"type": "aws", "name": "main", "state": "absent"}, True, ["DELETE /integrations/aws/main"]
        ),
        Step("integration", {"type": "aws", "name": "main", "state": "absent"}, False, []),
    ],
    "dynamic secrets": [
        Step("folder", {"path": "prod"}, True),
        Step("integration", {"type": "aws", "name": "main", "role_arn": ROLE}, True),
        Step("integration", {"type": "aws", "name": "second", "role_arn": ROLE}, True),
        Step(
            "integration",
            {"type": "azure", "name": "az", "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "canary-azure"},
            True,
        ),
        Step("dynamic_secret", {"path": "prod/aws"}, None, says="type"),
        Step("dynamic_secret", {"path": "prod/aws", "type": "aws"}, None, [], says="integration_name: ", foreseen=True),
        Step(
            "dynamic_secret",
            {"path": "prod/aws", "type": "aws", "integration_name": "main", "role_arn": APP_ROLE, "ttl": 60},
            None,
            [],
            says="ttl: 60 s",
        ),
        Step(
            "dynamic_secret",
            {
                "path": "prod/aws",
                "type": "aws",
                "integration_name": "main",
                "role_arn": APP_ROLE,
                "ttl": 900,
                "policy_arns": ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"],
                "policy": {"Version": "2012-10-17", "Statement": []},
                "groups": ["g1", "g2"],
                "aws_tags": {"env": "dev", "owner": "ops"},
                "tags": {"team": "platform"},
            },
            True,
            ["POST /dynamic/aws", "PATCH /dynamic/aws/metadata/tags"],
        ),
        Step(
            "dynamic_secret",
            {
                "path": "prod/aws",
                "type": "aws",
                "integration_name": "main",
                "policy_arns": ["arn:aws:iam::aws:policy/B", "arn:aws:iam::aws:policy/A"],
                "policy": '{"Statement": [],   "Version": "2012-10-17"}',
                "groups": ["g2", "g1"],
                "aws_tags": {"env": "dev"},
                "tags": {"TEAM": "platform"},
            },
            False,
            [],
        ),
        Step("dynamic_secret", {"path": "prod/aws", "type": "aws", "ttl": 1800}, True, ["PATCH /dynamic/aws"]),
        Step(
            "dynamic_secret",
            {"path": "prod/aws", "type": "aws", "policy": "", "groups": [], "aws_tags": {"env": None, "new": "1"}},
            True,
            ["PATCH /dynamic/aws"],
        ),
        Step(
            "dynamic_secret",
            {"path": "prod/aws", "type": "aws", "policy": "", "groups": [], "aws_tags": {"env": None, "new": "1"}},
            False,
            [],
        ),
        Step(
            "dynamic_secret",
            {"path": "prod/aws", "type": "aws", "integration_name": "second"},
            None,
            [],
            says="cannot be",
        ),
        Step("dynamic_secret", {"path": "prod/aws", "type": "azure"}, None, [], says="type is 'aws'"),
        Step(
            "dynamic_secret",
            {"path": "prod/aws", "type": "aws", "integration_name": "second", "recreate": True},
            None,
            [],
            says="ttl: it is required to create prod/aws",
        ),
        Step(
            "dynamic_secret",
            {
                "path": "prod/aws",
                "type": "aws",
                "integration_name": "second",
                "recreate": True,
                "role_arn": APP_ROLE,
                "ttl": 900,
            },
            True,
            ["DELETE /dynamic/aws", "POST /dynamic/aws", "PATCH /dynamic/aws/metadata/tags"],
        ),
        Step(
            "dynamic_secret",
            {
                "path": "prod/aws",
                "type": "aws",
                "integration_name": "main",
                "recreate": True,
                "role_arn": APP_ROLE,
                "ttl": 900,
            },
            True,
        ),
        Step(
            "dynamic_secret",
            {"path": "prod/aws", "type": "aws", "integration_name": "no"},
            None,
            [],
            says="there is no",
        ),
        Step(
            "dynamic_secret",
            {
                "path": "prod/az",
                "type": "azure",
                "integration_name": "az",
                "application_object_id": OBJECT,
                "ttl": 3600,
            },
            True,
            ["POST /dynamic/az"],
        ),
        Step("dynamic_secret_info", {"path": "prod/aws"}),
        Step("dynamic_secret_info", {"folder": "/", "recursive": True}),
        Step("integration_info", {"type": "aws", "dynamic_secrets": True}),
        Step("dynamic_secret", {"path": "prod/az", "state": "absent"}, True, ["DELETE /dynamic/az"]),
        Step("dynamic_secret", {"path": "prod/az", "state": "absent"}, False, []),
        Step("dynamic_secret_info", {"folder": "prod", "deleted_only": True}),
        Step(
            "dynamic_secret",
            {
                "path": "prod/az",
                "type": "azure",
                "integration_name": "az",
                "application_object_id": OBJECT,
                "ttl": 7200,
            },
            True,
            ["POST /dynamic/az/restore", "PATCH /dynamic/az"],
        ),
        Step(
            "dynamic_secret",
            {"path": "nowhere/x", "type": "aws", "integration_name": "main", "role_arn": APP_ROLE, "ttl": 900},
            None,
            [],
            says="nowhere does not exist",
            foreseen=True,
        ),
        Step(
            "dynamic_secret",
            {"path": "prod/new", "type": "aws", "integration_name": "new", "role_arn": APP_ROLE, "ttl": 900},
            None,
            [],
            says="there is no aws integration 'new'",
            foreseen=True,
        ),
        Step(
            "dynamic_secret",
            {
                "path": "prod/aws",
                "type": "aws",
                "integration_name": "new",
                "recreate": True,
                "role_arn": APP_ROLE,
                "ttl": 900,
            },
            None,
            [],
            says="there is no aws integration 'new'",
            foreseen=True,
        ),
        Step("dynamic_secret_info", {"folder": "nowhere"}, None, says="nowhere", foreseen=False),
        Step("integration", {"type": "aws", "name": "main", "state": "absent"}, None, says="409", check_fails=False),
    ],
    "leases": [
        Step("folder", {"path": "prod"}, True),
        Step("integration", {"type": "aws", "name": "main", "role_arn": ROLE}, True),
        Step(
            "integration",
            {"type": "azure", "name": "az", "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "canary-azure"},
            True,
        ),
        Step(
            "dynamic_secret",
            {"path": "prod/aws", "type": "aws", "integration_name": "main", "role_arn": APP_ROLE, "ttl": 900},
            True,
        ),
        Step(
            "dynamic_secret",
            {
                "path": "prod/az",
                "type": "azure",
                "integration_name": "az",
                "application_object_id": OBJECT,
                "ttl": 3600,
            },
            True,
        ),
        Step("dynamic_credentials", {"path": "prod/aws"}, True, ["POST /dynamic/aws/generate"]),
        Step("dynamic_credentials", {"path": "prod/az"}, True, ["POST /dynamic/az/generate"]),
        Step(
            "dynamic_credentials",
            {"path": "prod/nothing"},
            None,
            says="no dynamic secret 'nothing' in the folder prod",
            foreseen=True,
        ),
        Step(
            "dynamic_credentials",
            {"path": "prod/no/where/app"},
            None,
            says="there is no folder prod/no; its parent prod",
            foreseen=True,
        ),
        Step("lease_info", {"path": "prod/aws"}),
        Step("lease_info", {"folder": "prod"}),
        Step("lease_info", {"folder": "/", "recursive": True}),
        Step("lease_info", {"folder": "nowhere"}, None, says="nowhere", foreseen=False),
        Step("lease_info", {"path": "prod/aws", "recursive": True}, None, [], says="path"),
        Step("lease_info", {"path": "prod/nothing"}, None, says="nothing", foreseen=False),
        Step("lease_info", {"lease_id": LEASE}),
        Step("lease_info", {"lease_id": "nonsense"}, None, [], says="lease_id: 'nonsense'"),
        Step("lease_report", {"folder": "prod", "secrets": {"main": []}, "previous": {}}),
        Step("lease_report", {"folder": "nowhere"}, None, says="nowhere", foreseen=False),
        Step("lease_report", {"secrets": {"main": "none"}}, None, [], says="secrets: main: it must be a list"),
        Step("lease_report", {"secrets": {"main": [{}]}}, None, [], says="secrets: main: an entry has no metadata"),
        Step("lease_report", {"margin": -1}, None, [], says="margin: it cannot be negative"),
        Step("lease", {"path": "prod/aws"}, False, []),
        Step("lease", {"path": "prod/aws", "on_not_revocable": "fail"}, None, [], says="cannot be revoked"),
        Step("dynamic_secret", {"path": "prod/aws", "state": "absent"}, None, [], says="1 of its leases are active"),
        Step("dynamic_secret", {"path": "prod/az", "state": "absent"}, None, [], says="revoke_leases=true"),
        Step("lease", {"path": "prod/az"}, True, ["DELETE /leases/id/"]),
        Step("lease", {"path": "prod/az"}, False, []),
        Step("lease", {"lease_id": [LEASE]}, False, []),
        Step("lease", {}, None, [], says="path, lease_id"),
        Step("dynamic_credentials", {"path": "prod/az"}, True),
        Step(
            "dynamic_secret",
            {"path": "prod/az", "state": "absent", "revoke_leases": True, "permanent": True},
            True,
            ["DELETE /leases/id/", "DELETE /dynamic/az"],
        ),
    ],
    "trees": [
        Step("tree", TREE, True, ["POST /integrations/", "POST /folders/prod", "POST /folders/db", "POST", "POST"]),
        Step("tree", TREE, False, []),
        Step("tree", {**TREE, "static_secrets": {"db/app": {"secret": {"k": "canary-2"}}}}, True, ["PATCH"]),
        Step("tree_info", {"root": "prod"}),
        Step("tree_info", {"root": "prod", "values": True}),
        Step("tree_info", {"root": "prod", "deleted_only": True}),
        Step("tree_info", {"root": "nowhere"}, None, says="there is no folder nowhere", foreseen=False),
        Step("tree", {**TREE, "dynamic_secrets": {"x": {"type": "aws", "ttl": 1}}}, None, [], says="prod/x: ttl: 1 s"),
        Step("tree", {"root": "prod", "prune": ["static_secrets"]}, None, [], says="prune_limit"),
        Step("tree", {"root": "prod", "static_secrets": {"x": "canary"}}, None, [], says="prod/x: options"),
        Step("tree", {"root": "prod", "static_secrets": {}, "concurrency": 0}, None, [], says="concurrency"),
        Step("tree", {"root": "prod", "prune": ["static_secrets"], "prune_limit": 100}, True, ["DELETE /static/app"]),
        Step("tree", TREE, True, ["POST /static/app/restore", "PATCH"]),
        Step("folder", {"path": "prod/db", "state": "absent", "recursive": True}, True),
        Step("tree", TREE, True, ["POST /folders/db/restore"]),
    ],
}
