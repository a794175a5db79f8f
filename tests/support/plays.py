# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real ansible-playbook runs for tests: tasks in, results and the whole output out."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.programs import finished

FILTERS = Path(__file__).parent / "filter_plugins"
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
# What a test's run must not take over from the person who runs the tests.
_FOREIGN = ("BEYONDTRUST_", "ANSIBLE_", "K8S_AUTH_", "KUBECONFIG", "AWS_", "AZURE_", "VAULT_")
_KEPT = ("ANSIBLE_COLLECTIONS_PATH",)
_MADE_ONCE = tempfile.TemporaryDirectory(prefix="workload-credentials-made-once-")
# What a run does without to need a third less of the processor; a benchmark's runs have everything.
BRISK: Mapping[str, str] = {
    "TESTS_MADE_ONCE": _MADE_ONCE.name,
    "ANSIBLE_INVENTORY_ENABLED": "yaml",
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).with_name("startup")), os.environ.get("PYTHONPATH", "")]),
}


class Unsafe(str):
    """Text that Ansible takes as it stands, as with ``!unsafe``."""


yaml.SafeDumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))
yaml.SafeLoader.add_constructor("!unsafe", lambda _loader, node: Unsafe(node.value))


@dataclass(frozen=True)
class Outcome:
    """What a run did: its exit status, all its output, and each task's registered result in order."""

    status: int
    output: str
    results: list[dict[str, Any]]

    @property
    def result(self) -> dict[str, Any]:
        """The last task's result."""
        return self.results[-1]

    def ok(self) -> Outcome:
        """The same, if every task went well."""
        failed = [result.get("msg") for result in self.results if result.get("failed")]
        assert (self.status, failed) == (0, []), f"{failed}\n{self.output}"
        return self


@dataclass(frozen=True)
class Plays:
    """Runs plays in a folder of their own.

    :arg folder: for the playbook, inventory and everything Ansible leaves behind.
    :arg environment: variables in force in each run, such as the connection's; one that is None is not set.
    :arg before: a command that runs ansible-playbook, and what it takes first.
    """

    folder: Path
    environment: Mapping[str, str | None] = field(default_factory=dict)
    before: Sequence[str] = ()

    def tasks(
        self,
        tasks: Sequence[Mapping[str, Any]],
        *,
        as_module: bool = False,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str | None] | None = None,
        play: Mapping[str, Any] | None = None,
        hosts: int = 1,
    ) -> Outcome:
        """Run the tasks on local hosts and register each result; failures do not end the play.

        :arg as_module: a foreign interpreter, so that every task of the collection runs as a module process.
        :arg arguments: of ansible-playbook, such as ``--check``.
        :arg play: keywords of the play.
        """
        recorded = self.folder / "results.json"
        recorded.unlink(missing_ok=True)
        registered = [
            {"name": f"task {number}", **task, "register": f"result_{number}", "ignore_errors": True}
            for number, task in enumerate(tasks)
        ]
        names = ", ".join(f"result_{number}" for number in range(len(tasks)))
        keep = {
            "name": "keep the results",
            "ansible.builtin.assert": {"that": f"[{names}] | record('{recorded}')", "quiet": True},
            "run_once": True,
            "check_mode": False,
        }
        outcome = self.playbook(
            [{"name": "test", "hosts": "all", "gather_facts": False, **(play or {}), "tasks": [*registered, keep]}],
            inventory={f"host{number}": self.host(as_module=as_module) for number in range(hosts)},
            arguments=arguments,
            environment=environment,
        )
        results = json.loads(recorded.read_text(encoding="utf-8")) if recorded.exists() else []
        return Outcome(outcome.status, outcome.output, results)

    def playbook(
        self,
        plays: Sequence[Mapping[str, Any]],
        *,
        inventory: Mapping[str, Any] | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str | None] | None = None,
    ) -> Outcome:
        """Run whole plays; a variable that is None is not set."""
        (self.folder / "inventory.yml").write_text(
            yaml.safe_dump({"all": {"hosts": inventory or {"host0": self.host()}}}), encoding="utf-8"
        )
        (self.folder / "playbook.yml").write_text(yaml.safe_dump(list(plays), sort_keys=False), encoding="utf-8")
        done = finished(
            [*self.before, str(ANSIBLE_PLAYBOOK), "-i", "inventory.yml", "playbook.yml", *arguments],
            folder=self.folder,
            environment=self.variables(environment or {}),
        )
        return Outcome(done.returncode, done.stdout, [])

    def host(self, *, as_module: bool = False) -> dict[str, str]:
        """A local host's variables."""
        interpreter = str(self._foreign_interpreter()) if as_module else sys.executable
        return {"ansible_connection": "local", "ansible_python_interpreter": interpreter}

    def _foreign_interpreter(self) -> Path:
        """The same Python under another name: to the collection it is another one, with the same libraries."""
        script = self.folder / "python"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        return script

    def variables(self, more: Mapping[str, str | None]) -> dict[str, str]:
        """The environment of a run; a variable that is None is not set."""
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or not name.startswith(_FOREIGN)}
        own = {
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_FILTER_PLUGINS": str(FILTERS),
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_NOCOLOR": "True",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
        }
        everything = {**kept, **own, **self.environment, **more}
        return {name: value for name, value in everything.items() if value is not None}
