# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kit in ``extensions/awx``: what AWX takes, what its set-up asks for, what ansible-builder makes of it."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION

from tests.support.awx import FILE, credential_type, text
from tests.support.definitions import do, populate
from tests.support.plays import Plays
from tests.support.site import Site

from .test_job import injected

KIT = FILE.parent
ROOT = KIT.parents[1]
BLOCKED = {
    *("VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID"),
    *("AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION"),
    *("CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH"),
}
# The options of awx.awx 24 that there are, as far as the set-up could use them.
AWX: dict[str, dict[str, str]] = {
    "credential_type": {"description": "str", "kind": "str", "inputs": "dict", "injectors": "dict"},
    "credential": {"organization": "str", "credential_type": "str", "inputs": "dict", "update_secrets": "bool"},
    "execution_environment": {"organization": "str", "image": "str", "pull": "str"},
    "project": {
        "organization": "str",
        "scm_type": "str",
        "scm_url": "str",
        "scm_branch": "str",
        "scm_update_on_launch": "bool",
        "wait": "bool",
    },
    "inventory": {"organization": "str"},
    "host": {"inventory": "str", "variables": "dict"},
    "job_template": {
        "organization": "str",
        "project": "str",
        "inventory": "str",
        "playbook": "str",
        "execution_environment": "str",
        "credentials": "list",
        "instance_groups": "list",
        "job_slice_count": "int",
        "allow_simultaneous": "bool",
        "timeout": "int",
        "ask_limit_on_launch": "bool",
        "notification_templates_error": "list",
        "state": "str",
    },
    "inventory_source": {
        "organization": "str",
        "inventory": "str",
        "source": "str",
        "source_project": "str",
        "source_path": "str",
        "overwrite": "bool",
        "overwrite_vars": "bool",
        "update_on_launch": "bool",
    },
    "notification_template": {
        "organization": "str",
        "notification_type": "str",
        "notification_configuration": "dict",
    },
    "schedule": {"unified_job_template": "str", "rrule": "str"},
}
STAND_IN = """#!/usr/bin/python
import json
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({{"name": {{"type": "str", "required": True}}, **{spec!r}}})
given = {{name: value for name, value in module.params.items() if value is not None}}
with open({log!r}, "a") as file:
    file.write(json.dumps([{name!r}, given]) + "\\n")
module.exit_json(changed=False)
"""
GIVEN = {
    "execution_environment": "registry.example.com/workload-credentials:1.0.0",
    "project_url": "https://git.example.com/credentials.git",
    "site_id": "a1b2c3d4-e5f6-4890-abcd-ef1234567890",
    "access_token": "token-canary",
    "clusters": {"one": {"context": "one", "entries": [{"name": "aws"}]}, "two": {}},
    "slices": 2,
}


def test_the_credential_type_is_made_from_the_connection() -> None:
    assert FILE.read_text(encoding="utf-8") == text()


@pytest.mark.one_core
@pytest.mark.parametrize("file", [FILE.name, "cluster_credential_type.json"])
def test_awx_takes_the_credential_type(file: str) -> None:
    """The rules of AWX's API: awx/main/fields.py, CredentialTypeInputField and CredentialTypeInjectorField."""
    made = json.loads((KIT / file).read_text(encoding="utf-8"))
    assert made["kind"] in ("cloud", "net")
    fields = {field["id"]: field for field in made["inputs"]["fields"]}
    assert len(fields) == len(made["inputs"]["fields"])
    for name, field in fields.items():
        assert re.fullmatch("[a-zA-Z_]+[a-zA-Z0-9_]*", name)
        assert name != "tower"
        assert field.keys() <= {
            "id",
            "type",
            "label",
            "help_text",
            "secret",
            "multiline",
            "format",
            "choices",
            "default",
        }
        assert field["type"] in ("string", "boolean")
        assert field["type"] == "string" or field.keys().isdisjoint({"secret", "multiline"})
        assert field["label"]
    assert set(made["inputs"]["required"]) <= fields.keys()
    # Each template has a value for each field, and for the file names; nothing else is known.
    known: dict[str, Any] = dict.fromkeys(fields, "EXAMPLE")
    files = [re.fullmatch(r"template\.([a-zA-Z_]+[a-zA-Z0-9_]*)", label) for label in made["injectors"]["file"]]
    known["tower"] = {"filename": {found[1]: "EXAMPLE_FILENAME" for found in files if found}}
    assert len(known["tower"]["filename"]) == len(files)
    strict = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  # as AWX
    assert made["injectors"].keys() <= {"file", "env", "extra_vars"}
    for template in made["injectors"]["file"].values():
        assert strict.from_string(template).render(**known)
    for name, template in made["injectors"]["env"].items():
        assert re.fullmatch("[a-zA-Z_]+[a-zA-Z0-9_]*", name)
        assert is_allowed(name)
        assert strict.from_string(template).render(**known).startswith("EXAMPLE")


def test_every_option_of_the_connection_reaches_the_job() -> None:
    injected = set(credential_type()["injectors"]["env"])
    for name, entry in CONNECTION.items():
        variables = {variable.lstrip("!") for variable in entry["env"]}
        assert variables & injected or name in ("access_token", "admin_access_token"), name
    secret = {field["id"] for field in credential_type()["inputs"]["fields"] if field.get("secret")}
    assert secret == {"access_token", "admin_access_token"}


def set_up(
    plays: Plays, environment: Mapping[str, str] | None = None, **changes: Any
) -> tuple[list[tuple[str, dict[str, Any]]], str]:
    """Run the set-up against a stand-in for awx.awx; return what was asked for, and the output."""
    modules = plays.folder / "collections" / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True, exist_ok=True)
    log = plays.folder / "asked"
    log.touch()
    for name, options in AWX.items():
        spec = {option: {"type": kind, "no_log": False} for option, kind in options.items()}
        (modules / f"{name}.py").write_text(STAND_IN.format(spec=spec, log=str(log), name=name), encoding="utf-8")
    (plays.folder / "mine.json").write_text(json.dumps({**GIVEN, **changes}), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ansible.cli.playbook",
            str(KIT / "setup.yml"),
            "-e",
            "@mine.json",
            "-i",
            "localhost,",
            "-v",
        ],
        cwd=plays.folder,
        env=plays.variables(
            {
                "ANSIBLE_COLLECTIONS_PATH": f"{plays.folder / 'collections'}:{os.environ['ANSIBLE_COLLECTIONS_PATH']}",
                "PYTHONPATH": "",
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
                **(environment or {}),
            }
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return [tuple(json.loads(line)) for line in log.read_text(encoding="utf-8").splitlines()], done.stdout


@pytest.mark.thorough
def test_the_set_up_asks_for_a_scheduled_job(plays: Plays) -> None:
    asked, output = set_up(plays)
    assert "failed=0" in output, output
    assert "canary" not in output
    assert [name for name, _given in asked] == [
        *("credential_type", "credential", "credential_type", "execution_environment", "project", "inventory"),
        *("host", "host", *["job_template"] * 6, "schedule", "schedule"),
    ]
    made = credential_type()
    # AWX's templates arrive as they are, though they look like the play's own.
    assert asked[0][1] == made
    assert asked[1][1]["inputs"].keys() <= {field["id"] for field in made["inputs"]["fields"]}
    assert asked[1][1]["inputs"]["access_token"] == GIVEN["access_token"]
    assert [given["name"] for name, given in asked if name == "host"] == ["one", "two"]
    deliver, report = (given for name, given in asked[-4:-2])
    schedule, reports = (given for name, given in asked[-2:])
    assert (report["playbook"], report["name"]) == ("report.yml", reports["unified_job_template"])
    assert reports["rrule"] == "DTSTART:20260101T000000Z RRULE:FREQ=DAILY;INTERVAL=1"
    assert (KIT / "project" / report["playbook"]).is_file()
    assert deliver["ask_limit_on_launch"] is True
    assert (deliver["playbook"], deliver["job_slice_count"], deliver["allow_simultaneous"]) == ("deliver.yml", 2, False)
    assert (KIT / "project" / deliver["playbook"]).is_file()
    assert deliver["timeout"] == 420
    assert schedule["unified_job_template"] == deliver["name"]
    # Twice in the last quarter of an hour's credentials.
    assert schedule["rrule"] == "DTSTART:20260101T000000Z RRULE:FREQ=MINUTELY;INTERVAL=7"


@pytest.mark.thorough
def test_the_set_up_asks_for_a_job_that_renews_files_on_hosts(plays: Plays) -> None:
    asked, output = set_up(plays, files_inventory="Web", files_credentials=["Machines"])
    assert "failed=0" in output, output
    (first, made, schedule) = (given for _name, given in asked[-4:-1])
    assert (first["inventory"], first["credentials"]) == ("Web", ["Workload credentials", "Machines"])
    assert (made["playbook"], made["allow_simultaneous"]) == ("files.yml", False)
    assert (KIT / "project" / made["playbook"]).is_file()
    assert schedule["unified_job_template"] == made["name"]
    assert schedule["rrule"] == "DTSTART:20260101T000000Z RRULE:FREQ=MINUTELY;INTERVAL=7"


@pytest.mark.one_core
def test_the_set_up_lets_the_jobs_own_tokens_deliver(plays: Plays, site: Site) -> None:
    emulator = site.emulator
    administration = {
        "BEYONDTRUST_ADMIN_SITE_ID": emulator.admin_site,
        "BEYONDTRUST_ADMIN_ACCESS_TOKEN": emulator.admin_token,
    }
    name = f"jobs-{uuid.uuid4()}"
    own = {"access_token": "", "access_token_file": "/var/run/secrets/workload/token", "service_name": name}
    identity = {"issuer_url": "https://oidc.example.com", "subject": "system:serviceaccount:awx:jobs"}
    asked, output = set_up(plays, administration, site_id=site.site_id, folder="prod", **own, **identity)
    assert "failed=0" in output, output
    assert emulator.admin_token not in output
    assert asked[1][1]["inputs"] == {name: value for name, value in own.items() if value} | {"site_id": site.site_id}
    assert emulator.admin_token not in str(asked)
    written = [one for one in emulator.control.journal() if one["method"] in ("POST", "PUT") and name in str(one)]
    assert [one["path"].partition("/platform/")[2] for one in written] == [
        "auth/workload-identities",
        f"iam/policies/{name}-delivers",
    ]
    assert written[0]["body"]["conditions"] == {"sub": [identity["subject"]]}
    (play,) = yaml.safe_load((ROOT / "playbooks" / "access.yml").read_text(encoding="utf-8"))
    (work,) = play["vars"]["access_policies"]["cluster_operator"]
    assert re.findall(r'::Action::"(\w+)"', written[1]["body"]) == work["actions"]


def is_allowed(variable: str) -> bool:
    """Whether AWX lets a credential set it: awx/main/fields.py, validate_env_var_allowed, and ENV_BLOCKLIST."""
    return not variable.startswith("ANSIBLE_") and variable not in BLOCKED


@pytest.mark.one_core
def test_every_variable_that_a_text_recommends_for_awx_is_allowed() -> None:
    guides = ROOT / "docs" / "docsite" / "rst"
    leases = (guides / "guide_leases.rst").read_text(encoding="utf-8")
    section = leases[leases.index("In AWX, containers and CI") : leases.index("Know how jobs are cancelled")]
    texts = [section, (guides / "guide_awx.rst").read_text(encoding="utf-8")]
    texts += [path.read_text(encoding="utf-8") for path in KIT.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    named = {name for text in texts for name in re.findall(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b", text)}
    assert "WORKLOAD_CREDENTIALS_JOURNAL_DIR" in named
    assert [name for name in named if not is_allowed(name)] == []


@pytest.mark.one_core
def test_the_project_ends_the_leases_of_its_jobs() -> None:
    parser = configparser.ConfigParser()
    parser.read(KIT / "project" / "ansible.cfg", encoding="utf-8")
    assert parser["defaults"]["callbacks_enabled"] == "community.workload_credentials.leases"
    assert parser["workload_credentials"]["journal_dir"].startswith("/")


def controller_after(controller: dict[str, dict[str, Any]], asked: list[tuple[str, dict[str, Any]]]) -> None:
    """What awx.awx.job_template does: lists that are given replace those that are there."""
    for name, given in asked:
        if name == "job_template" and not (given.get("state") == "exists" and given["name"] in controller):
            controller.setdefault(given["name"], {}).update(given)


@pytest.mark.thorough
def test_the_set_up_run_again_leaves_what_others_have_attached(plays: Plays) -> None:
    (plays.folder / "kubeconfig").write_text("kube-canary", encoding="utf-8")
    given = {"notification_type": "webhook", "notification_configuration": {"url": "https://x/hook-canary"}}
    asked, output = set_up(
        plays,
        kubeconfig=str(plays.folder / "kubeconfig"),
        instance_groups=["edge"],
        clusters={},
        notified=["On call"],
        **given,
    )
    assert "failed=0" in output, output
    assert "canary" not in output
    controller: dict[str, dict[str, Any]] = {}
    controller_after(controller, asked)
    # Without clusters of its own the set-up reads those of the project's inventory file.
    (source,) = [given for name, given in asked if name == "inventory_source"]
    assert (source["source"], source["source_project"], source["source_path"]) == (
        "scm",
        "Workload credentials",
        "clusters.yml",
    )
    assert (KIT / "project" / source["source_path"]).is_file()
    assert "host" not in [name for name, _given in asked]
    (told,) = [one for name, one in asked if name == "notification_template"]
    assert told.items() >= given.items()
    own = {
        "credentials": ["Workload credentials", "Workload credentials clusters"],
        "instance_groups": ["edge"],
        "notification_templates_error": ["On call", told["name"]],
    }
    assert all(one.items() >= own.items() for one in controller.values())
    inputs = {one["name"]: one["inputs"] for name, one in asked if name == "credential"}
    assert inputs["Workload credentials clusters"] == {"kubeconfig": "kube-canary"}
    deliver = controller["Workload credentials deliver"]
    deliver["credentials"] = [*own["credentials"], "theirs"]
    deliver["instance_groups"] = ["edge", "theirs"]
    controller_after(controller, asked)
    assert (deliver["credentials"][-1], deliver["instance_groups"]) == ("theirs", ["edge", "theirs"])
    assert deliver["timeout"] == 420


@pytest.mark.one_core
def test_the_set_up_does_not_overwrite_a_token_by_nothing(plays: Plays) -> None:
    asked, output = set_up(plays, access_token="")
    assert asked == []
    assert "export BEYONDTRUST_ACCESS_TOKEN" in output or "failed=1" in output


@pytest.mark.one_core
def test_a_schedule_that_comes_too_late_is_refused_before_anything_is_made(plays: Plays) -> None:
    asked, output = set_up(plays, every_minutes=10)
    assert asked == []
    assert "every_minutes must be 1 to 7" in " ".join(output.split())


@pytest.mark.one_core
def test_the_project_passes_ansibles_syntax_check(plays: Plays) -> None:
    for name in ("check.yml", "deliver.yml", "report.yml"):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "ansible.cli.playbook",
                "--syntax-check",
                "-i",
                "localhost,",
                str(KIT / "project" / name),
            ],
            env=plays.variables({}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.one_core
def test_the_jobs_look_and_deliver_once(plays: Plays, site: Site, cluster: Any) -> None:
    populate(site)
    entry = {"name": "awx-kit", "namespace": "default", "dynamic_secret": "prod/aws"}
    context = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))["current-context"]
    one = {**plays.host(), "context": context, "entries": [entry]}
    hosts = {"one": one, "other": {"context": "nowhere", "entries": [entry]}}
    (plays.folder / "clusters.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    shutil.copytree(KIT / "project", plays.folder / "project")
    for name, minted in (("check.yml", 0), ("deliver.yml", 1), ("deliver.yml", 1)):
        status, output = run_job(plays, cluster, name)
        assert status == 0, output
        assert len(site.leases()) == minted
    # Other tests may have left Secrets in the cluster, whose leases are of a site that was emptied since.
    alarms = json.dumps({"report_folder": str(plays.folder), "report_alarms": ["unheld"]})
    reported = ("report.yml", "-e", alarms)
    (plays.folder / "clusters.yml").write_text(yaml.safe_dump({"all": {"hosts": {"one": one}}}), encoding="utf-8")
    status, output = run_job(plays, cluster, *reported)
    assert status == 0, output
    assert '"unheld": 0' in output
    assert json.loads((plays.folder / "lease-report.json").read_text(encoding="utf-8"))["summary"]["living"] == 1
    # What nobody uses makes the job fail, unless it is known to be used elsewhere.
    do(site, "dynamic_credentials", path="prod/aws")
    status, output = run_job(plays, cluster, *reported)
    assert status != 0
    assert re.search(r"\S+ of prod/aws \(unheld\): no Secret", output), output
    status, output = run_job(plays, cluster, *reported, "-e", '{"report_held_elsewhere": ["prod"]}')
    assert status == 0, output


def run_job(plays: Plays, cluster: Any, *arguments: str) -> tuple[int, str]:
    """Run a play of the project as a job with the cluster's credential, limited to the first cluster."""
    made = json.loads((KIT / "cluster_credential_type.json").read_text(encoding="utf-8"))
    text = cluster.kubeconfig.read_text(encoding="utf-8")
    env, shown = injected(plays.folder / "job", {"kubeconfig": text}, made)
    assert text not in str(env) + str(shown)
    assert Path(env["K8S_AUTH_KUBECONFIG"]).stat().st_mode & 0o77 == 0
    own = {"WORKLOAD_CREDENTIALS_JOURNAL_DIR": str(plays.folder / "journal"), "ANSIBLE_SHOW_CUSTOM_STATS": "True"}
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", "../clusters.yml", *arguments]
    limit = ["--limit", "one"] if arguments[0] == "deliver.yml" else []
    done = subprocess.run(
        [*command, *limit],
        cwd=plays.folder / "project",
        env=plays.variables({**own, **env}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.one_core
def test_an_execution_environment_has_what_the_collection_needs(tmp_path: Path) -> None:
    programs = Path(sys.executable).parent
    made = subprocess.run(
        [
            str(programs / "ansible-builder"),
            "create",
            "-f",
            str(KIT / "execution-environment.yml"),
            "-c",
            str(tmp_path),
            "-v",
            "3",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert not re.search("warn|outdated", made.stdout + made.stderr, re.IGNORECASE)
    # Maintained, and with a Python for each ansible-core that is supported.
    definition = yaml.safe_load((KIT / "execution-environment.yml").read_text(encoding="utf-8"))
    assert definition["images"]["base_image"]["name"] == "quay.io/centos/centos:stream10"
    installed = yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert {one["name"] for one in installed["collections"]} == {"community.workload_credentials", "kubernetes.core"}
    found = subprocess.run(
        [str(programs / "ansible-builder"), "introspect", os.environ["ANSIBLE_COLLECTIONS_PATH"]],
        capture_output=True,
        text=True,
        check=False,
    )
    wanted = [line for line in yaml.safe_load(found.stdout)["python"] if "from collection community.workload" in line]
    assert {re.split("[<>= ]", line)[0] for line in wanted} == {"requests", "kubernetes", "botocore", "python-dateutil"}
