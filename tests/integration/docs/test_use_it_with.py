# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes of "Use it with", run with the consumers' own code where this machine has it, else with its names."""

from __future__ import annotations

import base64
import functools
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
import yaml
from ansible_collections.azure.azcollection.plugins.module_utils import azure_rm_common
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import DYNAMIC_SECRETS
from workload_credentials_emulator import Emulator
from workload_credentials_emulator.example import EXAMPLE

from tests.support.examples import ROOT, blocks_in, blocks_of, playbook_of
from tests.support.plays import Plays
from tests.support.sts import Sts

pytestmark = pytest.mark.one_core
GUIDE = "guide_use_it_with"
PASSWORD = "canary-password"
CONTENT = {
    **EXAMPLE.model_dump(exclude_unset=True),
    "static": {path: {"username": "robot", "password": PASSWORD} for path in ("prod/registry", "prod/git")},
}
# What stands for a program: it notes its arguments, its variables and what it reads.
STUB = """\
#!/bin/sh
{ echo "$(basename "$0") $*"; env | sort; echo "stdin=$(cat)"; echo; } >> "$HOME/calls"
"""
STUBS = ("aws", "az", "docker", "helm", "terraform")
REGION = "eu-west-1"
# What an INI parser, a shell or YAML would take for its own.
ODD = "a'b\"c%d%(e)s #;=[ü] $HOME {{ f }}"


@pytest.fixture
def service() -> Iterator[Emulator]:
    """What the recipes read."""
    with Emulator(fill=CONTENT) as emulator:
        yield emulator


@pytest.fixture
def recipes(service: Emulator, sts: Sts, tmp_path: Path) -> Plays:
    """Runs recipes: their AWS is that of these tests, and their programs are stubs."""
    (tmp_path / "bin").mkdir()
    for name in STUBS:
        (tmp_path / "bin" / name).write_text(STUB, encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "app").mkdir()
    sts.forget()
    own = {"HOME": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:/usr/local/bin:/usr/bin:/bin", "AWS_URL": sts.url}
    return Plays(tmp_path, {**service.environment, **own})


def recipe(title: str) -> list[str]:
    """The blocks below a title."""
    text = (ROOT / "docs" / "docsite" / "rst" / f"{GUIDE}.rst").read_text(encoding="utf-8")
    parts = re.split(r"^(.+)\n-{2,}$", text, flags=re.MULTILINE)
    return blocks_in(parts[parts.index(title) + 1])


def run(plays: Plays, block: str, **meanings: str) -> str:
    """Run a block as it stands, and return the output, in which no value is."""
    home = plays.folder
    book = playbook_of(block, {"/etc/app": str(home / "app"), **meanings}, {})
    outcome = plays.playbook(book, inventory={"localhost": plays.host()}, arguments=("-vvv",))
    assert outcome.status == 0, outcome.output
    assert PASSWORD not in outcome.output
    return str(outcome.output)


def calls(home: Path) -> list[dict[str, str]]:
    """What stubs noted: each one's variables, its command as ``command``, what it read as ``stdin``."""
    noted = (home / "calls").read_text(encoding="utf-8").strip("\n").split("\n\n")
    return [
        {"command": lines[0], **{name: value for name, _is, value in (line.partition("=") for line in lines[1:])}}
        for lines in (note.splitlines() for note in noted)
    ]


def test_every_recipe_is_tried() -> None:
    tried = ("amazon.aws and community.aws", "azure.azcollection", "aws", "az", "terraform", "kubectl and helm")
    others = ("docker", "git", "Check how long they last")
    assert sum(len(recipe(title)) for title in (*tried, *others)) == len(blocks_of(GUIDE))


@pytest.mark.parametrize("number", [0, 1], ids=["environment", "module_defaults"])
def test_the_modules_of_amazon_aws_sign_with_the_lease(
    recipes: Plays, service: Emulator, sts: Sts, number: int
) -> None:
    run(recipes, recipe("amazon.aws and community.aws")[number])
    assert (sts.calls[0]["Action"], sts.calls[0]["region"]) == ("GetCallerIdentity", REGION)
    (key,) = {call["signed_by"] for call in sts.calls}
    assert key.startswith("ASIA")
    assert service.control.leases()["minted"] == 1


def test_a_lookup_of_amazon_aws_signs_with_the_lease(recipes: Plays, sts: Sts) -> None:
    own = {"aws_access_key_id": "AKIASETUP", "aws_secret_access_key": "secret"}
    client = boto3.client("ssm", endpoint_url=sts.url, region_name=REGION, **own)
    client.put_parameter(Name="/app/colour", Value="blue", Type="String", Overwrite=True)
    sts.forget()
    assert '"msg": "blue"' in run(recipes, recipe("amazon.aws and community.aws")[2])
    assert [(call["signed_by"][:4], call["region"]) for call in sts.calls] == [("ASIA", REGION)]


def test_a_credentials_file_keeps_each_character(tmp_path: Path) -> None:
    credentials = {"accessKeyId": "an-id", "secretAccessKey": ODD, "sessionToken": "a=b+c/"}
    file = tmp_path / "credentials"
    file.write_text(DYNAMIC_SECRETS.formatted(credentials, "aws_credentials", "prod/aws/app"), encoding="utf-8")
    session = botocore.session.Session()
    session.set_config_variable("credentials_file", str(file))
    read = session.get_credentials()
    assert (read.access_key, read.secret_key, read.token) == ("an-id", ODD, "a=b+c/")


def test_azure_azcollection_reads_its_format(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = {"client_id": "an-id", "client_secret": ODD, "tenant_id": "a-tenant", "key_id": "a-key"}
    for name in azure_rm_common.AZURE_CREDENTIAL_ENV_MAPPING.values():
        monkeypatch.delenv(name, raising=False)
    for name, value in DYNAMIC_SECRETS.formatted(credentials, "azcollection_env", "prod/azure/app").items():
        monkeypatch.setenv(name, value)
    # Its constructor wants Azure's SDKs; what reads the variables does not.
    reader = object.__new__(azure_rm_common.AzureRMAuth)
    reader.is_ad_resource = False
    assert reader._get_env_credentials() is None
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "a-subscription")
    found = {name: value for name, value in reader._get_env_credentials().items() if value}
    assert found == {
        "client_id": "an-id",
        "secret": ODD,
        "tenant": "a-tenant",
        "subscription_id": "a-subscription",
    }


def test_azure_azcollection_has_the_options_and_the_group_of_the_recipe() -> None:
    (play,) = yaml.safe_load(recipe("azure.azcollection")[1])
    ((group, options),) = play["module_defaults"].items()
    collection = Path(azure_rm_common.__file__).parents[2]
    groups = yaml.safe_load((collection / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    (module,) = (name for name in play["tasks"][0] if name != "name")
    assert options.keys() <= azure_rm_common.AZURE_COMMON_ARGS.keys()
    assert module in groups[group.removeprefix("group/azure.azcollection.")]


def test_aws_and_terraform_get_their_variables(recipes: Plays) -> None:
    for title in ("aws", "terraform"):
        run(recipes, *recipe(title))
    aws, terraform = calls(recipes.folder)
    keys = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    azure = {"ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID"}
    # botocore, and so the first version of aws, knows no other name of it.
    assert aws.keys() >= keys | {"AWS_DEFAULT_REGION"}
    assert terraform.keys() >= keys | azure | {"AWS_REGION"}
    assert terraform["command"] == "terraform apply -input=false -auto-approve"


def test_terraform_keeps_its_state_with_the_lease(recipes: Plays, sts: Sts) -> None:
    terraform = shutil.which("terraform", path="/usr/local/bin:/usr/bin")
    if terraform is None:
        pytest.skip("there is no terraform on this machine")
    (recipes.folder / "bin" / "terraform").unlink()
    (recipes.folder / "bin" / "terraform").symlink_to(terraform)
    own = {"aws_access_key_id": "AKIASETUP", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=sts.url, region_name=REGION, **own)
    client.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": REGION})
    places = f'{{ s3 = "{sts.url}", sts = "{sts.url}", iam = "{sts.url}" }}'
    backend = f'bucket = "state"\n key = "app"\n use_path_style = true\n endpoints = {places}'
    (recipes.folder / "app" / "main.tf").write_text(
        f'terraform {{\n backend "s3" {{\n {backend}\n }}\n}}\noutput "colour" {{\n value = "blue"\n}}\n',
        encoding="utf-8",
    )
    sts.forget()
    (apply,) = recipe("terraform")
    quiet = Plays(recipes.folder, {**recipes.environment, "CHECKPOINT_DISABLE": "1"})
    run(quiet, apply.replace("apply -input=false -auto-approve", "init -input=false"))
    run(quiet, apply)
    assert {call["signed_by"][:4] for call in sts.calls} == {"ASIA"}
    state = client.get_object(Bucket="state", Key="app")["Body"].read().decode()
    assert "blue" in state
    assert "canary" not in state.lower()


def test_az_and_docker_read_the_password_and_leave_no_login(recipes: Plays) -> None:
    for title in ("az", "docker"):
        run(recipes, *recipe(title))
    login, work, docker_login, push = calls(recipes.folder)
    assert re.fullmatch(
        r"az login --service-principal --username \S+ --tenant \S+ --password @- --output none", login["command"]
    )
    assert login["stdin"]
    assert login["stdin"] not in login["command"]
    assert (work["command"], push["command"]) == ("az group list", "docker push registry.example.com/app:1.0")
    assert docker_login["command"] == "docker login registry.example.com --username robot --password-stdin"
    assert docker_login["stdin"] == PASSWORD
    folders = [
        *(one["AZURE_CONFIG_DIR"] for one in (login, work)),
        *(one["DOCKER_CONFIG"] for one in (docker_login, push)),
    ]
    assert len(set(folders)) == 2
    assert not any(Path(folder).exists() for folder in folders)


def test_kubectl_and_helm_read_a_kubeconfig_that_goes(recipes: Plays, cluster: Any) -> None:
    from kubernetes import client, config

    core = client.CoreV1Api(config.new_client_from_config(str(cluster.kubeconfig)))
    core.create_namespace({"metadata": {"name": "apps"}})
    core.create_namespaced_service_account("apps", {"metadata": {"name": "deployer"}})
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("there is no kubectl on this machine")
    (recipes.folder / "bin" / "kubectl").symlink_to(kubectl)
    own = Plays(recipes.folder, {**recipes.environment, "K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig)})
    output = run(own, *recipe("kubectl and helm"))
    assert "system:serviceaccount:apps:deployer" in output
    (helm,) = calls(recipes.folder)
    assert helm["command"] == "helm list --namespace apps"
    assert not Path(helm["KUBECONFIG"]).exists()


class _Private(SimpleHTTPRequestHandler):
    """Serves a folder to those who know the password."""

    def do_GET(self) -> None:
        expected = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {expected}":
            super().do_GET()
        else:
            self.send_error(403)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def test_git_sends_the_header_and_keeps_nothing(recipes: Plays, tmp_path: Path) -> None:
    served = tmp_path / "served" / "app.git"
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for command in (
        ("init", "--quiet", "--initial-branch=main", str(served)),
        ("-C", str(served), *identity, "commit", "--quiet", "--allow-empty", "--message=first"),
        ("-C", str(served), "update-server-info"),
    ):
        subprocess.run(["git", *command], check=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    handler = functools.partial(_Private, directory=str(served.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        here = f"http://127.0.0.1:{server.server_port}/"
        block = recipe("git")[0].replace("https://git.example.com/app.git", f"{here}app.git/.git")
        run(recipes, block.replace("https://git.example.com/", here))
        server.shutdown()
        thread.join()
    kept = (tmp_path / "app" / "checkout" / ".git" / "config").read_text(encoding="utf-8")
    assert here in kept
    assert "Authorization" not in kept


def test_how_long_they_last_can_be_asserted(recipes: Plays) -> None:
    run(recipes, *recipe("Check how long they last"))
