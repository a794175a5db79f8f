# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups in real plays: what is read, how many leases are minted, and what is left behind."""

from __future__ import annotations

import configparser
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import do, failure, populate
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import TOKEN, Site

STATIC = "community.workload_credentials.static_secret"
DYNAMIC = "community.workload_credentials.dynamic_credentials"


@pytest.fixture(autouse=True)
def definitions(site: Site) -> None:
    """Something to read."""
    populate(site)


def evaluated(plays: Plays, *expressions: str, **options: Any) -> list[Any]:
    """The expressions' values, each evaluated in a task of its own; a failure is its message."""
    tasks = [{"ansible.builtin.set_fact": {"found": "{{ " + expression + " }}"}} for expression in expressions]
    outcome = plays.tasks(tasks, **options)
    assert len(outcome.results) == len(tasks), outcome.output
    return [result["msg"] if result.get("failed") else result["ansible_facts"]["found"] for result in outcome.results]


def test_static_secrets_by_path_key_and_version(plays: Plays, site: Site) -> None:
    do(site, "static_secret", path="prod/app", secret={"password": "second"})
    do(site, "static_secret", path="prod/other", secret={"a": {"b": [1, True]}})
    site.forget()
    found = evaluated(
        plays,
        f"lookup('{STATIC}', 'prod/app')",
        f"lookup('{STATIC}', '/prod/app', key='password')",
        f"lookup('{STATIC}', 'prod/app', key='password', version=1)",
        f"query('{STATIC}', 'prod/other', 'prod/app', 'prod/other') | map('first')",
    )
    assert found == [
        {"user": "app", "password": "second", "port": 5432},
        "second",
        "canary-static-password",
        ["a", "user", "a"],
    ]
    assert len(site.requests()) == 6


def test_a_default_that_is_omit_leaves_out_what_it_is_for(plays: Plays, tmp_path: Path) -> None:
    def copied(path: str, key: str) -> dict[str, Any]:
        mode = "{{ lookup('" + STATIC + f"', '{path}', key='{key}', default=omit)" + " }}"
        return {"ansible.builtin.copy": {"content": "", "dest": str(tmp_path / "file"), "mode": mode}}

    outcome = plays.tasks([copied("prod/nothing", "mode"), copied("prod/app", "nothing"), copied("prod/app", "user")])
    missing, without, there = outcome.results
    assert [one["failed"] for one in (missing, without)] == [False, False], outcome.output
    assert "mode" in there["msg"]
    # Elsewhere it is an option that is not set.
    (found,) = evaluated(plays, f"lookup('{STATIC}', 'prod/app', key='user', version=omit, on_missing=omit)")
    assert found == "app"


@pytest.mark.one_core
def test_what_a_missing_secret_or_key_means(plays: Plays) -> None:
    missing, skip = "'prod/nothing'", "on_missing='skip'"
    found = evaluated(
        plays,
        f"lookup('{STATIC}', {missing})",
        f"lookup('{STATIC}', 'prod/app', key='nothing')",
        f"query('{STATIC}', {missing}, 'prod/app', key='user', {skip})",
        f"lookup('{STATIC}', {missing}, default='fallback')",
        f"lookup('{STATIC}', 'prod/app', key='nothing', default='fallback')",
        f"query('{STATIC}', {missing}, on_missing='warn')",
        f"lookup('{STATIC}', 'prod/bad name')",
        f"lookup('{STATIC}', 'prod/app', on_missing='nonsense')",
        f"lookup('{STATIC}', 'prod/no/where/app')",
        f"lookup('{STATIC}', 'prod/app', version=99)",
    )
    assert "prod/nothing: there is no static secret 'nothing' in the folder prod, which exists." in found[0]
    assert "no key 'nothing'; its keys: password, port, user" in found[1]
    assert found[2:6] == [["app"], "fallback", "fallback", []]
    assert "_terms: the character ' '" in found[6]
    assert "on_missing" in found[7]
    assert "prod/no/where/app: there is no folder prod/no; its parent prod exists." in found[8]
    assert "prod/app: this static secret has no version 99." in found[9]


@pytest.mark.one_core
def test_what_a_forbidden_secret_means(plays: Plays, site: Site) -> None:
    site.token("writer-token", ["write"])
    found = evaluated(
        plays,
        f"lookup('{STATIC}', 'prod/app')",
        f"query('{STATIC}', 'prod/app', on_denied='skip')",
        environment={"BEYONDTRUST_ACCESS_TOKEN": "writer-token"},
    )
    assert "status 403" in found[0]
    assert found[1] == []


@pytest.mark.one_core
def test_a_deleted_secret_is_missing(plays: Plays, site: Site) -> None:
    do(site, "static_secret", path="prod/app", state="absent")
    assert "prod/app: this static secret is deleted." in evaluated(plays, f"lookup('{STATIC}', 'prod/app')")[0]


def test_the_connection_from_ini_and_variables(plays: Plays, site: Site) -> None:
    config = plays.folder / "ansible.cfg"
    config.write_text(f"[workload_credentials]\nsite_id = {site.site_id}\napi_url = {site.emulator.url}\n")
    environment = dict.fromkeys(site.environment)
    outcome = plays.tasks(
        [{"ansible.builtin.set_fact": {"found": "{{ lookup('" + STATIC + "', 'prod/app', key='user') }}"}}],
        environment=environment,
        play={
            "vars": {
                "workload_credentials_access_token": TOKEN,
                "workload_credentials_ca_cert": str(site.emulator.ca_cert),
            }
        },
    )
    assert outcome.ok().result["ansible_facts"]["found"] == "app"


def test_missing_connection_options_say_where_they_may_be_set(plays: Plays) -> None:
    no_site = evaluated(plays, f"lookup('{STATIC}', 'prod/app')", environment={"BEYONDTRUST_SITE_ID": None})
    no_token = evaluated(plays, f"lookup('{STATIC}', 'prod/app')", environment={"BEYONDTRUST_ACCESS_TOKEN": ""})
    for name in ("BEYONDTRUST_SITE_ID", "workload_credentials_site_id", "[workload_credentials]"):
        assert name in no_site[0]
    assert "access_token: no token is set" in no_token[0]


def test_a_variable_of_the_play_beats_the_environments_other_token(plays: Plays, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    outcome = plays.tasks(
        [{"ansible.builtin.set_fact": {"found": "{{ lookup('" + STATIC + "', 'prod/app', key='user') }}"}}],
        environment={"BEYONDTRUST_ACCESS_TOKEN": "wrong"},
        play={"vars": {"workload_credentials_access_token_file": str(token)}},
    )
    assert outcome.ok().result["ansible_facts"]["found"] == "app"


def test_the_vendors_negated_variable_counts(plays: Plays) -> None:
    found = evaluated(
        plays,
        f"lookup('{STATIC}', 'prod/app', key='user')",
        environment={"BEYONDTRUST_CA_CERT": "", "BEYONDTRUST_INSECURE": "true"},
    )
    assert found == ["app"]


def pair(**variables: str) -> dict[str, Any]:
    return {
        "ansible.builtin.command": "env",
        "environment": {
            "PAIR_A": "{{ creds.accessKeyId }} {{ creds.leaseId }}",
            "PAIR_B": "{{ creds.secretAccessKey }} {{ creds.leaseId }}",
        },
        "vars": variables or {"creds": "{{ lookup('" + DYNAMIC + "', 'prod/aws') }}"},
        "changed_when": False,
    }


def lease_ids(result: dict[str, Any]) -> list[str]:
    lines = dict(line.split("=", 1) for line in result["stdout"].splitlines() if line.startswith("PAIR_"))
    return [lines[name].split()[1] for name in ("PAIR_A", "PAIR_B")]


def test_one_task_never_sees_halves_of_two_leases(plays: Plays, site: Site) -> None:
    outcome = plays.tasks([pair()]).ok()
    first, second = lease_ids(outcome.result)
    assert first == second == site.leases()[0]["id"]
    assert len(site.leases()) == 1


def test_leases_are_reused_across_tasks_and_hosts(plays: Plays, site: Site) -> None:
    hosts = "{{ lookup('" + DYNAMIC + "', 'prod/aws', reuse='host') }}"
    runs = "{{ lookup('" + DYNAMIC + "', 'prod/azure', key='leaseId', reuse='run') }}"
    tasks = [{**pair(creds=hosts), "environment": {**pair()["environment"], "RUN": runs}}] * 2
    plays.tasks(tasks, hosts=4, arguments=("--forks", "4")).ok()
    assert Counter(lease["type"] for lease in site.leases()) == {"aws": 4, "azure": 1}


def test_never_reusing_mints_at_each_evaluation(plays: Plays, site: Site) -> None:
    expression = f"lookup('{DYNAMIC}', 'prod/aws', key='leaseId', reuse='never')"
    found = evaluated(plays, expression, expression)
    assert len(set(found)) == len(site.leases()) == 2


def test_another_run_has_a_lease_of_its_own_and_nothing_is_left_on_disk(plays: Plays, site: Site) -> None:
    for _run in range(2):
        evaluated(plays, f"lookup('{DYNAMIC}', 'prod/aws', key='leaseId')")
    assert len(site.leases()) == 2
    left = [path for path in plays.folder.rglob("*") if "workload-credentials" in path.name]
    assert left == []


@pytest.mark.one_core
def test_several_terms_keep_their_order(plays: Plays, site: Site) -> None:
    found = evaluated(plays, f"query('{DYNAMIC}', 'prod/azure', 'prod/aws', 'prod/azure') | map('list')")[0]
    assert ["client_id" in keys for keys in found] == [True, False, True]
    assert len(site.leases()) == 2


@pytest.mark.one_core
def test_formats(plays: Plays) -> None:
    env, azure, text, wrong = evaluated(
        plays,
        f"lookup('{DYNAMIC}', 'prod/aws', format='aws_env')",
        f"lookup('{DYNAMIC}', 'prod/azure', format='azure_env')",
        f"lookup('{DYNAMIC}', 'prod/aws', format='aws_credentials')",
        f"lookup('{DYNAMIC}', 'prod/azure', format='aws_env')",
    )
    assert sorted(env) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    assert sorted(azure) == ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"]
    profile = configparser.ConfigParser(interpolation=None, default_section="none")
    profile.read_string(text)
    assert profile["default"]["aws_secret_access_key"] == env["AWS_SECRET_ACCESS_KEY"]
    assert "format: aws_env does not fit the credentials of prod/azure" in wrong


@pytest.mark.one_core
def test_an_expiration_is_in_utc_for_lookup_module_and_list(plays: Plays, site: Site) -> None:
    (of_lookup,) = evaluated(plays, f"lookup('{DYNAMIC}', 'prod/aws', key='expiration')")
    minted = do(site, "dynamic_credentials", path="prod/aws")
    assert minted["expiration"] == minted["credentials"]["expiration"]
    expirations = sorted([of_lookup, minted["expiration"]])
    assert all(re.fullmatch(r"[-0-9]{10}T[:0-9]{8}Z", one) for one in expirations)
    assert sorted(lease["expiration"] for lease in do(site, "lease_info", path="prod/aws")["leases"]) == expirations
    assert not any(lease["expiration"].endswith("Z") for lease in site.leases())


def test_check_mode_mints_nothing(plays: Plays, site: Site) -> None:
    found = evaluated(
        plays,
        f"lookup('{DYNAMIC}', 'prod/aws')",
        f"lookup('{DYNAMIC}', 'prod/azure', key='client_secret')",
        f"lookup('{DYNAMIC}', 'prod/aws', check_mode='error')",
        arguments=("--check",),
    )
    assert sorted(found[0]) == ["accessKeyId", "expiration", "leaseId", "secretAccessKey", "sessionToken"]
    assert found[0]["secretAccessKey"].startswith("CHECK-MODE")
    assert found[1].startswith("CHECK-MODE")
    assert "check_mode=error does not allow" in found[2]
    assert site.leases() == []
    evaluated(plays, f"lookup('{DYNAMIC}', 'prod/aws', check_mode='generate')", arguments=("--check",))
    assert len(site.leases()) == 1


@pytest.mark.one_core
def test_a_lost_answer_names_the_lease_that_may_exist(plays: Plays, site: Site) -> None:
    site.fault("drop_after", method="POST", path="/dynamic/aws/generate")
    message = evaluated(plays, f"lookup('{DYNAMIC}', 'prod/aws')")[0]
    leases = site.leases()
    assert len(leases) == 1
    assert "may exist nevertheless" in message
    assert leases[0]["id"] in message


@pytest.mark.one_core
def test_one_failing_term_names_itself_and_the_others_leases_are_kept(plays: Plays, site: Site) -> None:
    found = evaluated(
        plays,
        f"query('{DYNAMIC}', 'prod/aws', 'prod/nothing')",
        f"lookup('{DYNAMIC}', 'prod/aws', key='leaseId')",
    )
    assert "prod/nothing: there is no dynamic secret 'nothing' in the folder prod" in found[0]
    assert [lease["id"] for lease in site.leases()] == [found[1]]


@pytest.mark.one_core
@pytest.mark.parametrize("status", represented([403, 404], by=[403]))
def test_a_gateways_refusal_leaves_nothing_out(plays: Plays, site: Site, status: int) -> None:
    site.fault("html", status=status, times=9)
    options = "on_missing='skip', on_denied='skip', default='fallback'"
    (said,) = evaluated(plays, f"lookup('{STATIC}', 'prod/app', {options})")
    assert f"status {status}: the answer is not the API's own" in said


@pytest.mark.one_core
def test_leases_that_outlive_the_run_are_minted_together_or_not_at_all(plays: Plays, site: Site) -> None:
    found = evaluated(
        plays,
        f"query('{DYNAMIC}', 'prod/azure', 'prod/aws', 'prod/nothing', reuse='never', outlives_run=true)",
        f"query('{DYNAMIC}', 'prod/azure', outlives_run=true)",
    )
    states = {lease["type"]: lease["state"] for lease in site.leases()}
    assert states == {"azure": "revoked", "aws": "active"}
    (aws,) = [lease["id"] for lease in site.leases() if lease["type"] == "aws"]
    assert "there is no dynamic secret 'nothing' in the folder prod" in found[0]
    assert f"Other leases were minted but are not used, and are active: {aws} (until" in found[0]
    assert "outlives_run: it needs reuse=never" in found[1]


@pytest.mark.one_core
@pytest.mark.parametrize("options", represented(["format='aws_env'", "key='accessKeyId'"], by=["key='accessKeyId'"]))
def test_a_lease_that_outlives_the_run_ends_if_it_is_another_providers(plays: Plays, site: Site, options: str) -> None:
    (said,) = evaluated(plays, f"lookup('{DYNAMIC}', 'prod/azure', reuse='never', outlives_run=true, {options})")
    assert "credentials of prod/azure" in said
    assert [lease["state"] for lease in site.leases()] == ["revoked"]


@pytest.mark.one_core
def test_errors_of_generating_say_what_to_do(plays: Plays, site: Site) -> None:
    do(site, "dynamic_secret", path="prod/azure", state="absent")
    site.token("reader-token", ["read"])
    site.provider_fails("generate")
    provider, deleted, denied = [
        *evaluated(plays, f"lookup('{DYNAMIC}', 'prod/aws')", f"lookup('{DYNAMIC}', 'prod/azure')"),
        *evaluated(plays, f"lookup('{DYNAMIC}', 'prod/aws')", environment={"BEYONDTRUST_ACCESS_TOKEN": "reader-token"}),
    ]
    assert "aws_credential_validation_failed" in provider
    assert "is deleted. community.workload_credentials.dynamic_secret restores it" in deleted
    assert "Generating is a permission of its own" in denied


def test_no_value_in_the_output_of_a_task_that_uses_credentials(plays: Plays) -> None:
    task = pair()
    task["no_log"] = True
    outcome = plays.tasks([task], arguments=("-vvvvv",)).ok()
    assert TOKEN not in outcome.output


@pytest.mark.one_core
def test_where_the_other_kind_of_secret_lies_the_message_names_its_lookup(plays: Plays, site: Site) -> None:
    do(site, "static_secret", path="top", secret={"a": "b"})
    found = evaluated(
        plays,
        f"lookup('{STATIC}', 'prod/aws')",
        f"lookup('{DYNAMIC}', 'prod/app')",
        f"lookup('{DYNAMIC}', 'top')",
    )
    assert f"prod/aws: this is a dynamic secret and not a static secret. The lookup {DYNAMIC}" in found[0]
    assert f"prod/app: this is a static secret and not a dynamic secret. The lookup {STATIC}" in found[1]
    assert f"top: this is a static secret and not a dynamic secret. The lookup {STATIC}" in found[2]
    said = failure(site, "dynamic_credentials", path="prod/app")
    assert f"prod/app: this is a static secret and not a dynamic secret. The lookup {STATIC}" in said
    assert "hidden" not in said


@pytest.mark.one_core
def test_the_other_kind_is_not_looked_for_where_no_message_is_made(plays: Plays, site: Site) -> None:
    site.forget()
    found = evaluated(
        plays,
        f"lookup('{STATIC}', 'prod/aws', default='fallback')",
        f"query('{STATIC}', 'prod/aws', on_missing='skip')",
    )
    assert found == ["fallback", []]
    assert [line for line in site.requests() if line.startswith("GET /dynamic")] == []
