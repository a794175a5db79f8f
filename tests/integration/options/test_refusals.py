# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What options do not accept, and what they say: no check is turned off by a slip, and nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.support.definitions import populate
from tests.support.plays import Plays, Unsafe
from tests.support.represented import represented
from tests.support.site import TOKEN, Site

COLLECTION = "community.workload_credentials"
SESSION = f"{COLLECTION}.session_info"
STATIC = f"{COLLECTION}.static_secret"
DYNAMIC = f"{COLLECTION}.dynamic_credentials"
# The emulator's certificate is not trusted then, so only a check that is off would send something.
UNTRUSTED = {"BEYONDTRUST_CA_CERT": ""}
# That a module process does as the worker does is shown on both cores elsewhere (test_parity.py, test_in_process.py).
EITHER_WAY = [False, pytest.param(True, marks=[pytest.mark.one_core, pytest.mark.thorough])]
UNCLEAR: list[Any] = ["ture", Unsafe("{{ x }}"), [True], 2, "None", "0 # comment", {"a": 1}]


def lookup(name: str = STATIC, path: str = "prod/app", **options: str) -> dict[str, Any]:
    """A task that evaluates a lookup."""
    more = "".join(f", {option}={value}" for option, value in options.items())
    return {"ansible.builtin.set_fact": {"found": "{{ lookup('" + name + f"', '{path}'{more})" + " }}"}}


def messages(outcome: Any) -> list[str]:
    """What the tasks say, all of which fail."""
    assert all(result.get("failed") for result in outcome.results), outcome.output
    return [" ".join(result["msg"].split()) for result in outcome.results]


@pytest.mark.parametrize("as_module", EITHER_WAY)
def test_an_unclear_switch_is_an_error_and_nothing_is_sent(plays: Plays, site: Site, as_module: bool) -> None:
    values = UNCLEAR[:2] if as_module else UNCLEAR
    tasks: list[dict[str, Any]] = [{SESSION: {"validate_certs": value}} for value in values]
    tasks += [{SESSION: {}, "vars": {"workload_credentials_validate_certs": value}} for value in values]
    own = ["BEYONDTRUST_VALIDATE_CERTS", "BEYONDTRUST_INSECURE"]
    tasks += [{SESSION: {}, "environment": {name: "ture"}} for name in own]
    if not as_module:
        tasks += [{**lookup(), "vars": {"workload_credentials_validate_certs": value}} for value in values]
        tasks += [lookup(validate_certs="'ture'"), lookup(validate_certs="[true]"), lookup(validate_certs="2")]
    said = messages(plays.tasks(tasks, as_module=as_module, environment=UNTRUSTED))
    assert all("validate_certs: " in one and " is neither yes nor no (from the " in one for one in said), said
    assert "the task or its module_defaults" in said[0]
    assert "the variable workload_credentials_validate_certs" in said[len(values)]
    assert f"the task's environment variable {own[1]}" in said[2 * len(values) + 1]
    assert site.requests() == []


@pytest.mark.parametrize("as_module", EITHER_WAY)
@pytest.mark.parametrize("where", ["BEYONDTRUST_VALIDATE_CERTS", "BEYONDTRUST_INSECURE", "ini section"])
def test_so_it_is_in_environment_and_ini_file(plays: Plays, site: Site, where: str, as_module: bool) -> None:
    environment: dict[str, str | None] = {**UNTRUSTED, where: "ture"}
    if where == "ini section":
        (plays.folder / "ansible.cfg").write_text("[workload_credentials]\nvalidate_certs = ture\n")
        environment = dict(UNTRUSTED)
    said = messages(plays.tasks([{SESSION: {}}, lookup()], as_module=as_module, environment=environment))
    assert all("validate_certs: 'ture' is neither yes nor no (from" in one and where in one for one in said), said
    assert site.requests() == []


def test_no_secret_is_in_what_is_said_of_it(plays: Plays) -> None:
    canary = Unsafe("two words-canary")
    tasks = [
        {SESSION: {"access_token": canary}},
        {SESSION: {"access_token": [canary]}},
        {SESSION: {}, "vars": {"workload_credentials_access_token": canary}},
        {SESSION: {}, "vars": {"workload_credentials_access_token": "{{ nothing }}-canary"}},
        {**lookup(), "vars": {"workload_credentials_access_token": [canary]}},
    ]
    outcome = plays.tasks(tasks)
    said = messages(outcome)
    assert all("access_token: " in one and "(from " in one and "canary" not in one for one in said), said


@pytest.mark.newest_core
@pytest.mark.parametrize("as_module", EITHER_WAY)
def test_numbers_and_choices_name_option_and_source(plays: Plays, site: Site, as_module: bool) -> None:
    table: list[tuple[dict[str, Any], str]] = [
        ({SESSION: {"timeout": "soon"}}, "timeout: 'soon' is not a whole number (from the task"),
        ({SESSION: {"timeout": 0}}, "timeout: 0 is too small, it must be at least 1 (from the task"),
        (
            {SESSION: {}, "vars": {"workload_credentials_retries": True}},
            "retries: True is not a whole number (from the variable workload_credentials_retries)",
        ),
        (
            {SESSION: {}, "environment": {"BEYONDTRUST_SITE_ID": "prod"}},
            "(from the task's environment variable BEYONDTRUST_SITE_ID)",
        ),
        ({SESSION: {"ca_cert": "/no/such"}}, "neither a file nor PEM text (from the task"),
        ({SESSION: {"access_token_file": "/no/such"}}, "access_token_file: cannot read /no/such"),
    ]
    lookups: list[tuple[dict[str, Any], str]] = [
        (lookup(timeout="'soon'"), "timeout: 'soon' is not a whole number (from the lookup's own option)"),
        (lookup(version="'1.5'"), "version: '1.5' is not a whole number"),
        (
            {**lookup(DYNAMIC), "vars": {"workload_credentials_reuse": "runn"}},
            "reuse: 'runn' is not one of host, run, never (from the variable workload_credentials_reuse)",
        ),
        (
            {**lookup(DYNAMIC), "vars": {"workload_credentials_concurrency": 65}},
            "concurrency: it must be from 1 to 64 (from the variable workload_credentials_concurrency)",
        ),
        (lookup(version="0"), "version: versions start at 1 (from the lookup's own option)"),
        (lookup(DYNAMIC, key="'clent_id'"), "key: no credentials of format=raw have 'clent_id'; there are accessKeyId"),
        (
            lookup(DYNAMIC, key="'client_id'", format="'azure_env'"),
            "key: no credentials of format=azure_env have 'client_id'; there are AZURE_CLIENT_ID",
        ),
        (
            lookup(DYNAMIC, key="'accessKeyId'", format="'aws_credentials'"),
            "key: format=aws_credentials is text, and has no fields (from the lookup's own option)",
        ),
        *(
            (
                {"ansible.builtin.set_fact": {"found": "{{ lookup('" + name + f"', {term})" + " }}"}},
                f"_terms: {says} (from the lookup's terms)",
            )
            for name in (STATIC, DYNAMIC)
            for term, says in (
                ("'prod/app', ''", "a term is empty"),
                ("none", "a term is empty"),
                ("omit", "a term is empty"),
                ("{'a': 'canary'}", "the value is not text"),
                ("true", "the value is not text"),
            )
        ),
        (lookup(DYNAMIC, reuze="'run'"), "reuze: there is no such option; did you mean reuse?"),
        (lookup(DYNAMIC, fmt="'aws_env'"), "fmt: there is no such option; did you mean format?"),
        (lookup(valdate_certs="false"), "valdate_certs: there is no such option; did you mean validate_certs?"),
    ]
    table += [] if as_module else lookups
    said = messages(plays.tasks([task for task, _said in table], as_module=as_module))
    for (_task, wanted), one in zip(table, said, strict=True):
        assert wanted in one, one
    assert site.requests() == []


@pytest.mark.newest_core
@pytest.mark.parametrize("nothing", represented([None, ""], by=[None]))
def test_with_nothing_set_every_place_is_named(plays: Plays, site: Site, nothing: str | None) -> None:
    environment = dict.fromkeys(site.environment, nothing)
    tasks = [{SESSION: {}}, lookup()]
    worker, found = messages(plays.tasks(tasks, environment=environment))
    module = messages(plays.tasks(tasks[:1], as_module=True, environment=environment))[0]
    assert worker == module
    assert worker in found
    for option in ("site_id", "access_token", "access_token_file"):
        for name in (f"workload_credentials_{option}", f"BEYONDTRUST_{option.upper()}"):
            assert name in worker
    assert worker.count("the ini section [workload_credentials] of ansible.cfg") == 1 or "ini" in worker
    some = messages(plays.tasks(tasks, environment={"BEYONDTRUST_ACCESS_TOKEN": nothing}))
    assert all("no token is set" in one and "no site" not in one for one in some)


@pytest.mark.newest_core
def test_variables_are_templates_vaulted_values_and_of_any_type(plays: Plays, site: Site, tmp_path: Path) -> None:
    populate(site)
    vault = VaultLib([("default", VaultSecret(b"word"))])
    (tmp_path / "word").write_text("word")
    vaulted = vault.encrypt(TOKEN, VaultSecret(b"word"), "default").decode().replace("\n", "\n    ")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text(
        f"""
workload_credentials_site_id: "{{{{ sites[stage] }}}}"
workload_credentials_api_url: "{{{{ outer }}}}"
workload_credentials_access_token: "{{{{ the_token }}}}"
workload_credentials_ca_cert: "{{{{ lookup('ansible.builtin.file', '{site.emulator.ca_cert}') }}}}"
workload_credentials_validate_certs: "{{{{ checks | bool }}}}"
workload_credentials_timeout: "{{{{ '7' | int }}}}"
workload_credentials_retries: 0
workload_credentials_service_name: "{{{{ nobody | default(omit) }}}}"
workload_credentials_api_version: 2026-04-28
workload_credentials_reuse: "{{{{ 'ru' ~ 'n' }}}}"
stage: test
sites: {{test: "{site.site_id}"}}
outer: "{{{{ inner }}}}"
inner: "{site.emulator.url}"
checks: "yes"
the_token: !vault |
    {vaulted}
"""
    )
    environment = {**dict.fromkeys(site.environment, ""), "BEYONDTRUST_SERVICE_NAME": "from-environment"}
    tasks = [
        {SESSION: {}},
        lookup(key="'user'"),
        lookup(DYNAMIC, "prod/aws", key="'leaseId'"),
        {"ansible.builtin.debug": {"msg": "{{ item }}"}, f"with_{STATIC}": ["prod/app"], "no_log": True},
        lookup(key="omit", on_missing="omit"),
    ]
    site.forget()
    arguments = ("--vault-password-file", str(tmp_path / "word"), "-vvvvv")
    outcome = plays.tasks(tasks, arguments=arguments, environment=environment, hosts=2).ok()
    assert {entry["headers"].get("x-bt-service-name") for entry in site.journal()} == {"from-environment"}
    assert len(site.leases()) == 1
    assert TOKEN not in outcome.output
    modules = plays.tasks(tasks[:1], as_module=True, arguments=arguments, environment=environment).ok()
    assert TOKEN not in modules.output


def test_options_of_lookups_from_environment_and_ini(plays: Plays, site: Site) -> None:
    populate(site)
    (plays.folder / "ansible.cfg").write_text("[workload_credentials]\nreuse = 'run'\non_missing = skip\n")
    task = lookup(DYNAMIC, "prod/aws", key="'AWS_ACCESS_KEY_ID'")
    plays.tasks([task, lookup(path="prod/none")], environment={"WORKLOAD_CREDENTIALS_FORMAT": "aws_env"}, hosts=2).ok()
    assert len(site.leases()) == 1


@pytest.mark.newest_core
@pytest.mark.parametrize("as_module", EITHER_WAY)
def test_a_whole_connection_from_the_ini_file(plays: Plays, site: Site, as_module: bool) -> None:
    populate(site)
    (plays.folder / "token").write_bytes(TOKEN.encode("utf-8-sig"))
    (plays.folder / "ca.pem").write_bytes(Path(site.emulator.ca_cert).read_bytes())
    (plays.folder / "ansible.cfg").write_text(
        f"[workload_credentials]\nsite_id = {site.site_id}\napi_url = {site.emulator.url}\n"
        "access_token =\naccess_token_file = token\nca_cert = ca.pem\ntimeout =\n"
    )
    credentials = {f"{COLLECTION}.dynamic_credentials": {"path": "prod/azure"}}
    ending = {f"{COLLECTION}.lease": {"state": "absent", "minted": "run"}}
    tasks = [{SESSION: {}}, lookup(DYNAMIC, "prod/azure"), credentials, ending]
    outcome = plays.tasks(tasks, as_module=as_module, environment=dict.fromkeys(site.environment, "")).ok()
    assert len(outcome.result["revoked"]) == len(site.leases()) == 2


@pytest.mark.parametrize("as_module", EITHER_WAY)
def test_both_tokens_in_one_place_are_an_error_and_a_nearer_one_hides_them(plays: Plays, as_module: bool) -> None:
    tasks: list[dict[str, Any]] = [
        {SESSION: {}},
        {SESSION: {}, "vars": {"workload_credentials_access_token": TOKEN}},
        {SESSION: {"access_token": ""}, "vars": {"workload_credentials_access_token": TOKEN}},
    ]
    outcome = plays.tasks(tasks, as_module=as_module, environment={"BEYONDTRUST_ACCESS_TOKEN_FILE": "/no/such"})
    assert "access_token: it is set and so is access_token_file" in outcome.results[0]["msg"]
    assert "(from the environment variable BEYONDTRUST_ACCESS_TOKEN)" in outcome.results[0]["msg"]
    assert not [result for result in outcome.results[1:] if result.get("failed")]
