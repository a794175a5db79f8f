# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module and lookup needs of the vendor's permissions: no less, and no more than the guide says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import (
    DynamicSecret,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import DYNAMIC_SECRETS
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import origin_of
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import end_leases
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.generate import generate_on_read
from ansible_collections.community.workload_credentials.plugins.plugin_utils._static_secrets import read_secrets
from workload_credentials_emulator.actions import ALL_ACTIONS

from tests.support.definitions import ROLE, UUIDS
from tests.support.permissions import Case, Done, Run, rows, tried
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = pytest.mark.one_core
GUIDE = Path(__file__).parents[3] / "docs" / "docsite" / "rst" / "guide_authentication.rst"

VALUES = {"user": "service", "password": "canary-static-password"}
AZURE_KEYS = {"tenant_id": UUIDS[0], "client_id": UUIDS[1], "client_secret": "canary-azure-client-secret"}


def folder(run: Run) -> None:
    run.make("folders", "old")


def tagged_folder(run: Run) -> None:
    folder(run)
    run.change("PUT", "folders", "old", "metadata/tags", body={"team": "ops"})


def deleted_folder(run: Run) -> None:
    folder(run)
    run.change("DELETE", "folders", "old")


def filled_folder(run: Run) -> None:
    folder(run)
    run.make("static", "old/app", {"secret": VALUES})


def static(run: Run) -> None:
    run.make("static", "app", {"secret": VALUES})


def tagged_static(run: Run) -> None:
    static(run)
    run.change("PUT", "static", "app", "metadata/tags", body={"team": "ops"})


def updated_static(run: Run) -> None:
    static(run)
    run.change("PATCH", "static", "app", body={"secret": {"user": "other"}})


def deleted_static(run: Run) -> None:
    static(run)
    run.change("DELETE", "static", "app")


def aws(run: Run) -> str:
    return run.aws()


def integration(run: Run) -> None:
    run.aws()
    run.change("DELETE", "dynamic", "aws", query={"permanent": True})


def azure_integration(run: Run) -> None:
    run.azure()
    run.change("DELETE", "dynamic", "azure", query={"permanent": True})


def tagged_aws(run: Run) -> None:
    run.aws()
    run.change("PUT", "dynamic", "aws", "metadata/tags", body={"team": "ops"})


def deleted_aws(run: Run) -> None:
    run.aws()
    run.change("DELETE", "dynamic", "aws")


def azure(run: Run) -> str:
    return run.azure()


def leased(run: Run) -> str:
    return run.lease(run.azure())


def leased_beside_aws(run: Run) -> None:
    run.aws()
    run.lease(run.azure())


def beside_aws(run: Run) -> None:
    run.aws()
    run.azure()


def folder_task(**options: Any) -> Any:
    return lambda run, _made: run.do("folder", path=run.path("old"), **options)


def static_task(**options: Any) -> Any:
    return lambda run, _made: run.do("static_secret", path=run.path("app"), **options)


def dynamic_task(name: str = "aws", **options: Any) -> Any:
    kind = {} if options.get("state") == "absent" else {"type": "aws"}
    return lambda run, _made: run.do("dynamic_secret", path=run.path(name), **kind, **options)


def whole_task(name: str = "aws", **options: Any) -> Any:
    def act(run: Run, made: Any) -> Any:
        own = {"integration_name": run.integration, "role_arn": ROLE, "ttl": 3600}
        return dynamic_task(name, **own, **options)(run, made)

    return act


def integration_task(module: str = "integration", **options: Any) -> Any:
    return lambda run, _made: run.do(module, name=run.integration, **options)


def on(module: str, name: str, **options: Any) -> Any:
    return lambda run, _made: run.do(module, path=run.path(name), **options)


def inside(module: str, **options: Any) -> Any:
    return lambda run, _made: run.do(module, folder=run.folder, **options)


def by_id(module: str) -> Any:
    return lambda run, lease: run.do(module, lease_id=lease)


def own_integrations(run: Run, _made: Any) -> Any:
    found = run.do("integration_info", type="aws")["integrations"]
    return {"found": sum(one["name"] == run.integration for one in found)}


def looked_up(run: Run, _made: Any) -> Any:
    options = {"key": None, "version": None, "default": None, "on_missing": "error", "on_denied": "error"}
    said: list[str] = []
    values = read_secrets(
        run.own_client(), [run.path("app")], {**options, "concurrency": 1, "in_check_mode": False}, said.append
    )
    return {"values": values, "warnings": said}


def generated(name: str, check_mode: str = "generate") -> Any:
    def act(run: Run, _made: Any) -> Any:
        client = run.own_client()
        options = {"key": None, "reuse": "never", "min_ttl": 300, "check_mode": check_mode, "concurrency": 1}
        said: list[str] = []
        found = generate_on_read(
            [DynamicSecret(client, parse_path(run.path(name), "_terms"))],
            origin_of(client.settings),
            DYNAMIC_SECRETS,
            {**options, "format": "raw", "outlives_run": False, "journal_dir": None},
            {},
            said.append,
        )
        return {"credentials": found, "warnings": said}

    return act


def ended(run: Run, lease: Any) -> Any:
    (end,) = end_leases(run.own_client(), [{"id": lease, "expiration": None}])
    return {"how": end.how, "warnings": [end.reason]}


TAGS = {"team": "dev"}
LIST = {"ListFolderContents": "else one more request"}
MORE, WARNING = "else more requests", "else a warning"
CASES = (
    Case(
        "``folder``: made",
        folder_task(),
        needs=("CreateFolder",),
        optional=LIST,
    ),
    Case(
        "``folder``: made with ``tags``",
        folder_task(tags=TAGS),
        needs=("CreateFolder", "WriteFolderTags"),
        optional=LIST,
    ),
    Case("``folder``: there already", folder_task(), folder, needs=("ReadFolderMetadata",)),
    Case(
        "``folder``: ``tags`` changed",
        folder_task(tags=TAGS),
        tagged_folder,
        needs=("ReadFolderMetadata", "WriteFolderTags"),
    ),
    Case(
        "``folder``: a tag removed",
        folder_task(tags={"team": None}),
        tagged_folder,
        needs=("ReadFolderMetadata", "DeleteFolderTags"),
    ),
    Case(
        "``folder``: restored",
        folder_task(),
        deleted_folder,
        needs=("ListFolderContents", "ReadFolderMetadata", "RestoreFolder"),
    ),
    Case(
        "``folder``: ``on_deleted=replace``",
        folder_task(on_deleted="replace"),
        deleted_folder,
        needs=("DestroyFolder", "CreateFolder"),
        optional={"ListFolderContents": MORE, "ReadFolderMetadata": MORE},
    ),
    Case(
        "``folder``: absent, with or without ``recursive``",
        folder_task(state="absent", recursive=True),
        filled_folder,
        needs=("DeleteFolder",),
        optional={"ReadFolderMetadata": MORE},
    ),
    Case(
        "``folder``: absent, ``permanent``",
        folder_task(state="absent", permanent=True),
        folder,
        needs=("DestroyFolder",),
        optional={"ReadFolderMetadata": MORE},
    ),
    Case(
        "``folder``: absent, ``permanent`` and ``recursive``",
        folder_task(state="absent", permanent=True, recursive=True),
        filled_folder,
        needs=("ForceDestroyFolder",),
        optional={"ReadFolderMetadata": MORE},
    ),
    Case(
        "``folder_info``",
        inside("folder_info"),
        folder,
        needs=("ListFolderContents", "ReadFolderMetadata"),
        silent=("ReadFolderMetadata",),
    ),
    Case("``static_secret``: made", static_task(secret=VALUES), needs=("CreateSecret",), optional=LIST),
    Case(
        "``static_secret``: made with ``tags``",
        static_task(secret=VALUES, tags=TAGS),
        needs=("CreateSecret", "WriteSecretTags"),
        optional=LIST,
    ),
    Case(
        "``static_secret``: as it should be already",
        static_task(secret=VALUES),
        static,
        needs=("ReadSecret",),
        optional={"ReadSecretMetadata": "else no metadata in the result"},
    ),
    Case(
        "``static_secret``: values changed",
        static_task(secret={"user": "new"}),
        static,
        needs=("ReadSecret", "UpdateSecret"),
        optional={"ReadSecretMetadata": "else a warning, and no metadata in the result"},
    ),
    Case(
        "``static_secret``: back to a ``version``",
        static_task(version=1),
        updated_static,
        needs=("ReadSecret", "UpdateSecret"),
        optional={"ReadSecretMetadata": "else a warning, and no metadata in the result"},
    ),
    Case(
        "``static_secret``: ``tags`` changed",
        static_task(tags=TAGS),
        tagged_static,
        needs=("ReadSecret", "ReadSecretMetadata", "WriteSecretTags"),
    ),
    Case(
        "``static_secret``: a tag removed",
        static_task(tags={"team": None}),
        tagged_static,
        needs=("ReadSecret", "ReadSecretMetadata", "DeleteSecretTags"),
    ),
    Case(
        "``static_secret``: restored",
        static_task(secret=VALUES),
        deleted_static,
        needs=("ListFolderContents", "ReadSecretMetadata", "RestoreSecret", "ReadSecret"),
    ),
    Case(
        "``static_secret``: ``on_deleted=replace``",
        static_task(secret=VALUES, on_deleted="replace"),
        deleted_static,
        needs=("DestroySecret", "CreateSecret"),
        optional={"ListFolderContents": MORE, "ReadSecretMetadata": MORE},
    ),
    Case(
        "``static_secret``: absent",
        static_task(state="absent"),
        static,
        needs=("DeleteSecret",),
        optional={"ReadSecret": MORE},
    ),
    Case(
        "``static_secret``: absent, ``permanent``",
        static_task(state="absent", permanent=True),
        static,
        needs=("DestroySecret",),
        optional={"ReadSecret": MORE},
    ),
    Case(
        "``static_secret_info``: ``path``, with ``version`` or ``versions``",
        on("static_secret_info", "app", versions=True),
        static,
        needs=("ReadSecret",),
        optional={"ReadSecretMetadata": "else no metadata in the result"},
    ),
    Case(
        "``static_secret_info``: ``path``, ``values=false``",
        on("static_secret_info", "app", values=False),
        static,
        needs=("ReadSecretMetadata",),
    ),
    Case(
        "``static_secret_info``: ``folder``",
        inside("static_secret_info"),
        static,
        needs=("ListFolderContents", "ReadSecretMetadata", "ReadSecret"),
        silent=("ReadSecretMetadata",),
    ),
    Case(
        "``static_secret_info``: ``folder``, ``values=false``",
        inside("static_secret_info", values=False),
        static,
        needs=("ListFolderContents", "ReadSecretMetadata"),
        silent=("ReadSecretMetadata",),
    ),
    Case(
        "``static_secret_info``: ``folder``, ``deleted_only``",
        inside("static_secret_info", deleted_only=True),
        deleted_static,
        needs=("ListFolderContents", "ReadSecretMetadata"),
        silent=("ReadSecretMetadata",),
    ),
    Case("lookup ``static_secret``", looked_up, static, needs=("ReadSecret",)),
    Case(
        "``integration``: made",
        integration_task(type="aws", role_arn=ROLE),
        needs=("CreateIntegration",),
    ),
    Case(
        "``integration``: as it should be already",
        integration_task(type="aws", role_arn=ROLE),
        integration,
        needs=("ReadIntegration",),
    ),
    Case(
        "``integration``: changed, or ``update_secret=always``",
        integration_task(type="azure", update_secret="always", **AZURE_KEYS),
        azure_integration,
        needs=("ReadIntegration", "UpdateIntegration"),
    ),
    Case(
        "``integration``: absent",
        integration_task(type="aws", state="absent"),
        integration,
        needs=("DeleteIntegration",),
        optional={"ReadIntegration": "else one more request"},
    ),
    Case(
        "``integration_info``: ``name``",
        integration_task("integration_info", type="aws"),
        aws,
        needs=("ReadIntegration",),
    ),
    Case(
        "``integration_info``: ``name`` and ``dynamic_secrets``",
        integration_task("integration_info", type="aws", dynamic_secrets=True),
        aws,
        needs=("ReadIntegration", "ListDynamicSecrets", "ReadDynamicSecretMetadata"),
        silent=("ReadDynamicSecretMetadata",),
    ),
    Case(
        "``integration_info``: all",
        own_integrations,
        aws,
        needs=("ListIntegrations", "ReadIntegrationMetadata"),
        silent=("ReadIntegrationMetadata",),
    ),
    Case(
        "``dynamic_secret``: made",
        whole_task(),
        integration,
        needs=("CreateDynamicSecret",),
        optional={**LIST, "ReadIntegration": "else one more request"},
    ),
    Case(
        "``dynamic_secret``: made with ``tags``",
        whole_task(tags=TAGS),
        integration,
        needs=("CreateDynamicSecret", "WriteDynamicSecretTags"),
        optional={**LIST, "ReadIntegration": "else one more request"},
    ),
    Case(
        "``dynamic_secret``: as it should be already",
        whole_task(),
        aws,
        needs=("ReadDynamicSecret",),
        optional={"ReadIntegration": "else ``integration_name`` is not compared, with a warning"},
    ),
    Case(
        "``dynamic_secret``: changed",
        dynamic_task(ttl=900),
        aws,
        needs=("ReadDynamicSecret", "UpdateDynamicSecret"),
    ),
    Case(
        "``dynamic_secret``: ``tags`` changed",
        dynamic_task(tags=TAGS),
        tagged_aws,
        needs=("ReadDynamicSecret", "ReadDynamicSecretMetadata", "WriteDynamicSecretTags"),
    ),
    Case(
        "``dynamic_secret``: a tag removed",
        dynamic_task(tags={"team": None}),
        tagged_aws,
        needs=("ReadDynamicSecret", "ReadDynamicSecretMetadata", "DeleteDynamicSecretTags"),
    ),
    Case(
        "``dynamic_secret``: restored",
        dynamic_task(ttl=3600),
        deleted_aws,
        needs=("ListFolderContents", "ReadDynamicSecretMetadata", "RestoreDynamicSecret", "ReadDynamicSecret"),
    ),
    Case(
        "``dynamic_secret``: ``on_deleted=replace``",
        whole_task(on_deleted="replace"),
        deleted_aws,
        needs=("DestroyDynamicSecret", "CreateDynamicSecret"),
        optional={"ListFolderContents": MORE, "ReadDynamicSecretMetadata": MORE, "ReadIntegration": MORE},
    ),
    Case(
        "``dynamic_secret``: ``recreate``",
        whole_task("azure", recreate=True),
        beside_aws,
        needs=(
            "ReadDynamicSecret",
            "ReadDynamicSecretMetadata",
            "ReadIntegration",
            "DestroyDynamicSecret",
            "CreateDynamicSecret",
        ),
        optional={"ListLeases": MORE},
    ),
    Case(
        "``dynamic_secret``: ``recreate`` and ``revoke_leases``",
        whole_task("azure", recreate=True, revoke_leases=True),
        leased_beside_aws,
        needs=(
            "ReadDynamicSecret",
            "ReadDynamicSecretMetadata",
            "ReadIntegration",
            "ListLeases",
            "RevokeLease",
            "DestroyDynamicSecret",
            "CreateDynamicSecret",
        ),
    ),
    Case(
        "``dynamic_secret``: absent",
        dynamic_task(state="absent"),
        aws,
        needs=("DeleteDynamicSecret",),
        optional={"ReadDynamicSecret": MORE, "ListLeases": "else check mode does not foresee leases in the way"},
    ),
    Case(
        "``dynamic_secret``: absent, ``permanent``",
        dynamic_task(state="absent", permanent=True),
        aws,
        needs=("DestroyDynamicSecret",),
        optional={"ReadDynamicSecret": MORE, "ListLeases": "else check mode does not foresee leases in the way"},
    ),
    Case(
        "``dynamic_secret``: absent, ``revoke_leases``",
        dynamic_task("azure", state="absent", revoke_leases=True),
        leased,
        needs=("ReadDynamicSecret", "ListLeases", "RevokeLease", "DeleteDynamicSecret"),
    ),
    Case(
        "``dynamic_secret_info``: ``path``",
        on("dynamic_secret_info", "aws"),
        aws,
        needs=("ReadDynamicSecret",),
        optional={"ReadDynamicSecretMetadata": "else a warning, and no tags in the metadata"},
    ),
    Case(
        "``dynamic_secret_info``: ``folder``",
        inside("dynamic_secret_info"),
        aws,
        needs=("ListFolderContents", "ReadDynamicSecretMetadata"),
        silent=("ReadDynamicSecretMetadata",),
    ),
    Case(
        "``dynamic_credentials``, module and lookup: of AWS",
        generated("aws"),
        aws,
        needs=("GenerateDynamicCredential",),
    ),
    Case(
        "``dynamic_credentials``, module and lookup: of Azure",
        on("dynamic_credentials", "azure"),
        azure,
        needs=("GenerateDynamicCredential",),
        optional={
            "ReadLease": "else one more request",
            "ReadDynamicSecret": "with neither of the two the expiration is not known",
        },
    ),
    Case(
        "``dynamic_credentials``, module and lookup: check mode",
        generated("aws", "placeholder"),
        aws,
        needs=("ReadDynamicSecret",),
    ),
    Case(
        "Leases at the end of a run: ``lease`` with ``minted``, and the callback ``leases``",
        ended,
        leased,
        needs=("RevokeLease",),
    ),
    Case(
        "``lease``: ``lease_id``",
        by_id("lease"),
        leased,
        needs=("RevokeLease",),
        optional={"ReadLease": WARNING},
    ),
    Case("``lease``: ``path``", on("lease", "azure"), leased, needs=("ListLeases", "RevokeLease")),
    Case("``lease_info``: ``lease_id``", by_id("lease_info"), leased, needs=("ReadLease",)),
    Case("``lease_info``: ``path``", on("lease_info", "azure"), leased, needs=("ListLeases",)),
    Case(
        "``lease_info``: ``folder``",
        inside("lease_info"),
        leased,
        needs=("ListFolderContents", "ReadDynamicSecretMetadata", "ListLeases"),
        silent=("ReadDynamicSecretMetadata",),
    ),
    Case(
        "``lease_report``",
        inside("lease_report"),
        leased,
        needs=("ListFolderContents", "ReadDynamicSecretMetadata", "ListLeases"),
        silent=("ReadDynamicSecretMetadata",),
    ),
    Case("``session_info``", lambda run, _made: run.do("session_info")),
)


def also(task: str, act: Any, prepare: Any = None) -> Case:
    """Another task of the same row."""
    (case,) = (one for one in CASES if one.task == task)
    return replace(case, task=f"{task}, too", act=act, prepare=prepare or case.prepare)


TWINS = (
    also("``folder``: absent, with or without ``recursive``", folder_task(state="absent"), folder),
    also(
        "``integration``: changed, or ``update_secret=always``",
        integration_task(type="aws", role_arn=f"{ROLE}-2"),
        integration,
    ),
    also(
        "``static_secret_info``: ``path``, with ``version`` or ``versions``",
        on("static_secret_info", "app", version=1),
        updated_static,
    ),
    also("``dynamic_credentials``, module and lookup: of AWS", on("dynamic_credentials", "aws")),
    also("``dynamic_credentials``, module and lookup: of Azure", generated("azure")),
    also("``dynamic_credentials``, module and lookup: check mode", on("dynamic_credentials", "aws", check_mode=True)),
)


def named(case: Case) -> str:
    return case.task.replace("``", "")


def first_of_each_module() -> list[Case]:
    """The first row of the table for each module."""
    return list({case.task.split("``")[1]: case for case in reversed(CASES)}.values())


@pytest.fixture
def living(site: Site) -> Site:
    """A site that answers as the living service, without its delays."""
    site.behave(living=True, read_lag=0, lease_lag=0)
    return site


@pytest.mark.parametrize("case", represented([*CASES, *TWINS], by=first_of_each_module()), ids=named)
def test_a_task_needs_these_permissions_and_no_others(living: Site, case: Case) -> None:
    all_powerful, useful = tried(living, case, ALL_ACTIONS), tried(living, case, case.useful)
    assert all_powerful.error == ""
    assert (useful.work, useful.said, useful.metadata, useful.requests) == (
        all_powerful.work,
        all_powerful.said,
        all_powerful.metadata,
        all_powerful.requests,
    )
    least = tried(living, case, case.needs)
    assert (least.work, least.error) == (all_powerful.work, "")
    for lacking in case.needs:
        for granted in dict.fromkeys((frozenset(case.needs), case.useful)):
            found = tried(living, case, granted - {lacking})
            assert found.work != all_powerful.work, lacking
            assert lacking in found.said or lacking in case.silent, (lacking, granted, found.said)


@pytest.mark.parametrize("case", [case for case in CASES if case.optional], ids=named)
def test_without_an_optional_permission_it_is_as_the_guide_says(living: Site, case: Case) -> None:
    useful = tried(living, case, case.useful)
    for lacking, words in case.optional.items():
        found = tried(living, case, case.useful - {lacking})
        assert (found.work, found.error) == (useful.work, "")
        assert_as_said(words, useful, found, lacking)


def assert_as_said(words: str, useful: Done, found: Done, lacking: str) -> None:
    """What is different is what these words say."""
    assert (lacking in " ".join(found.warnings)) == ("warning" in words), found.warnings
    assert (found.metadata != useful.metadata) == ("metadata" in words)
    if "one more request" in words:
        assert found.requests == useful.requests + 1
    elif "more requests" in words:
        assert found.requests > useful.requests


def test_the_guide_has_this_table() -> None:
    assert rows(CASES) in GUIDE.read_text(encoding="utf-8")


def test_leases_that_are_hidden_are_not_taken_for_none(living: Site) -> None:
    case = Case("lease by path", on("lease", "azure"), leased)
    found = tried(living, case, {"ListFolderContents", "RevokeLease"})
    assert found.error == ""
    assert "ListLeases" in " ".join(found.warnings)


def test_an_owner_is_told_that_generating_is_a_permission_of_its_own(living: Site) -> None:
    found = tried(living, Case("generate", on("dynamic_credentials", "aws"), aws), {"Owner"})
    assert "lacks the permission GenerateDynamicCredential" in found.error
    assert "which its owner may lack" in found.error
