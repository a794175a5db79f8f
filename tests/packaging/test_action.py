# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action that starts the emulator in a job, and the guide's snippet that does so in GitLab: their shell is run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from workload_credentials_emulator import DEMO_SITE, DEMO_TOKEN, Emulator

from tests.environment.collection_tree import CHECKOUT

pytestmark = pytest.mark.one_core
ACTION = CHECKOUT / ".github" / "actions" / "emulator"
GUIDE = CHECKOUT / "docs" / "docsite" / "rst" / "guide_testing.rst"
FILL = {"static": {"only/here": {"key": "value-canary"}}, "tokens": [{"token": "reader", "grants": []}]}


class Job:
    """What a runner gives to an action's steps, and what they leave behind."""

    def __init__(self, folder: Path) -> None:
        self.temporary = folder / "it's temporary"
        self.temporary.mkdir()
        self.files = {name: folder / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT")}
        self.action: dict[str, Any] = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))

    def run(self, number: int, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run a step as a runner does."""
        step = self.action["runs"]["steps"][number]
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        given = {name: self._input(value, inputs) for name, value in step["env"].items()}
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BEYONDTRUST_")},
            **{name: str(path) for name, path in self.files.items()},
            **given,
            "GITHUB_ACTION_PATH": str(ACTION),
            "RUNNER_TEMP": str(self.temporary),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    def _input(self, value: str, inputs: dict[str, str]) -> str:
        found = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)
        assert found
        return inputs.get(found[1], self.action["inputs"][found[1]]["default"])

    def written(self, name: str) -> dict[str, str]:
        """Return what the steps wrote for later ones."""
        return dict(line.split("=", 1) for line in self.files[name].read_text(encoding="utf-8").splitlines())


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    made = Job(tmp_path)
    yield made
    file = made.temporary / "secrets-api" / "pid"
    if file.exists():
        # What the runner does at the end of a job.
        try:
            os.kill(int(file.read_text(encoding="utf-8")), signal.SIGTERM)
        except ProcessLookupError:
            pass


@pytest.fixture
def installed(job: Job) -> Job:
    """A job for which the first step has installed the emulator, which is here already."""
    command = job.temporary / "secrets-api" / "bin" / "workload-credentials-emulator"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m workload_credentials_emulator "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return job


def check(job: Job, path: str, *, value: str) -> None:
    """A client reads with no more than what the steps have set."""
    set_ = job.written("GITHUB_ENV")
    name, folder = path.rpartition("/")[2], path.rpartition("/")[0]
    response = requests.get(
        f"{set_['BEYONDTRUST_API_URL']}/site/{set_['BEYONDTRUST_SITE_ID']}/secrets/static/{name}",
        params={"folder": folder},
        headers={
            "Authorization": f"Bearer {set_['BEYONDTRUST_ACCESS_TOKEN']}",
            "bt-secrets-api-version": "2026-04-28",
        },
        verify=set_["BEYONDTRUST_CA_CERT"],
        timeout=20,
    )
    assert value in response.text, response.text


def test_later_steps_are_pointed_at_the_emulator(installed: Job, tmp_path: Path) -> None:
    file = tmp_path / "site of mine.yml"
    file.write_text(yaml.safe_dump(FILL), encoding="utf-8")
    done = installed.run(1, arguments="--living --token job-canary", fill=str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    check(installed, "only/here", value="value-canary")
    outputs, set_ = installed.written("GITHUB_OUTPUT"), installed.written("GITHUB_ENV")
    assert outputs == {
        "api-url": set_["BEYONDTRUST_API_URL"],
        "site-id": DEMO_SITE,
        "ca-cert": set_["BEYONDTRUST_CA_CERT"],
    }
    assert set(outputs) == set(installed.action["outputs"])
    # In the log the token is nowhere but in the line that masks it.
    assert done.stdout.count("canary") == 1
    assert "::add-mask::job-canary\n" in done.stdout
    assert "canary" not in done.stderr


def test_an_emulator_that_does_not_start_fails_the_step_and_says_why(installed: Job) -> None:
    done = installed.run(1, arguments="--site nothing")
    assert done.returncode == 1
    assert "::error::The emulator did not start: emulator: 'nothing' is no site id" in done.stdout
    assert not installed.files["GITHUB_ENV"].exists()


@pytest.mark.thorough
def test_the_action_installs_what_it_starts(job: Job) -> None:
    done = job.run(0, python=sys.executable)
    assert done.returncode == 0, done.stdout + done.stderr
    done = job.run(1, arguments="--with-example")
    assert done.returncode == 0, done.stdout + done.stderr
    check(job, "prod/db/app", value="example-password")


def blocks(kind: str) -> list[str]:
    """Return the guide's blocks of a language."""
    text = GUIDE.read_text(encoding="utf-8")
    found = re.findall(rf"\.\. code-block:: {kind}\n\n((?:    .*\n|\n)+)", text)
    return [textwrap.dedent(one) for one in found]


def of_the_guide(key: str) -> Any:
    """Return the one block of YAML that has this key at its top."""
    (found,) = [one for one in map(yaml.safe_load, blocks("yaml")) if key in one]
    return found


def test_the_guide_calls_the_action_as_it_is() -> None:
    (step,) = [one for one in of_the_guide("jobs")["jobs"]["test"]["steps"] if "emulator" in one.get("uses", "")]
    assert step["uses"].split("@")[0].endswith(str(ACTION.relative_to(CHECKOUT)))
    assert step["with"].keys() <= yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["inputs"].keys()


def test_a_gitlab_job_trusts_and_reaches_its_service(tmp_path: Path) -> None:
    job = of_the_guide("test plays")["test plays"]
    (service,) = job["services"]
    variables = job["variables"]
    assert service["variables"]["EMULATOR_TLS_NAMES"] == service["alias"]
    assert variables["BEYONDTRUST_API_URL"] == f"https://{service['alias']}:8443"
    assert (variables["BEYONDTRUST_SITE_ID"], variables["BEYONDTRUST_ACCESS_TOKEN"]) == (DEMO_SITE, DEMO_TOKEN)
    (fetch,) = [line for line in job["script"] if "ca.pem" in line]
    with Emulator(tls_names=[service["alias"]]) as emulator:
        # Here the service's name is not in DNS.
        port = emulator.url.rpartition(":")[2]
        own = {"BEYONDTRUST_API_URL": f"https://localhost:{port}", "BEYONDTRUST_CA_CERT": str(tmp_path / "ca.pem")}
        subprocess.run(["bash", "-euc", fetch], env={**os.environ, **own}, cwd=tmp_path, check=True)
        assert requests.get(f"{own['BEYONDTRUST_API_URL']}/healthz", verify=own["BEYONDTRUST_CA_CERT"], timeout=20).ok
    assert variables["BEYONDTRUST_CA_CERT"].endswith("/ca.pem")


def test_the_composed_services_share_a_name_and_an_authority() -> None:
    composed = of_the_guide("services")
    emulator, plays = composed["services"]["secrets-api"], composed["services"]["plays"]
    assert emulator["environment"]["EMULATOR_TLS_NAMES"] == "secrets-api"
    assert plays["environment"]["BEYONDTRUST_API_URL"] == "https://secrets-api:8443"
    assert plays["depends_on"] == {"secrets-api": {"condition": "service_healthy"}}
    (volume,) = composed["volumes"]
    assert f"{volume}:/tls" in emulator["volumes"]
    assert plays["environment"]["BEYONDTRUST_CA_CERT"] == "/tls/ca.pem"
    assert f"{volume}:/tls:ro" in plays["volumes"]
