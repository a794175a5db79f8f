# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks need of the vendor's permissions: cases, places where they are tried, and the guide's table of them."""

from __future__ import annotations

import re
import textwrap
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request, item
from workload_credentials_emulator.actions import BESIDE_FOLDERS

from tests.support.definitions import ROLE, UUIDS, do
from tests.support.site import Site

# What differs from one run to the next, in texts.
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)?|\bat\d+\b"
    # Unix times of metrics.
    r"|(?<= )\d{10}\b"
)


@dataclass(frozen=True)
class Run(Site):
    """A site as one run sees it, which knows nothing of what others wrote, and a folder of its own there.

    :arg folder: holds all that the run works on, and is what its token is granted permissions on.
    :arg token_value: the token of the run.
    """

    folder: str = ""
    token_value: str = ""

    @property
    def writes_folder(self) -> str:
        """Where this run alone keeps what it has written a moment ago."""
        return f"{super().writes_folder}-{self.folder}"

    def path(self, name: str) -> str:
        """A path in its folder."""
        return f"{self.folder}/{name}"

    @property
    def integration(self) -> str:
        """The name of its integrations."""
        return f"main-{self.folder}"

    def do(self, module: str, **arguments: Any) -> dict[str, Any]:
        """What the module returns with the run's token."""
        return do(self, module, access_token=self.token_value, **arguments)

    def own_client(self) -> Client:
        """A client with the run's token."""
        return self.client(access_token=self.token_value)

    def send(self, *requests: Request) -> list[Any]:
        """The answers that somebody gets who may do all, and whose writes are not the run's."""
        client = Client(self.settings())
        return [client.send(request) for request in requests]

    def make(self, kind: str, name: str, body: Any = None) -> str:
        """The path of an item that this makes."""
        path = self.path(name)
        self.send(item("POST", kind, parse_path(path, "path"), body=body))
        return path

    def change(self, method: str, kind: str, name: str, action: str = "", **options: Any) -> Any:
        """The answer to another request on an item."""
        return self.send(item(method, kind, parse_path(self.path(name), "path"), action, **options))[0]

    def aws(self, name: str = "aws", **config: Any) -> str:
        """The path of a dynamic secret of AWS, made with its integration."""
        address = f"/integrations/aws/{self.integration}"
        self.send(Request("POST", address, body={"type": "aws", "roleArn": ROLE}))
        return self._dynamic(name, {"type": "aws", "credentialType": "assumed_role", "roleArn": ROLE, **config})

    def azure(self, name: str = "azure") -> str:
        """The same of Azure."""
        own = {"tenantId": UUIDS[0], "clientId": UUIDS[1], "clientSecret": "canary-azure-client-secret"}
        self.send(Request("POST", f"/integrations/azure/{self.integration}", body={"type": "azure", **own}))
        kind = {"type": "azure", "credentialType": "service_principal_password"}
        return self._dynamic(name, {**kind, "applicationObjectId": UUIDS[2]})

    def lease(self, path: str) -> str:
        """The ID of a lease that somebody else mints."""
        answer = self.send(item("POST", "dynamic", parse_path(path, "path"), "generate"))[0]
        return str(answer["secret"]["leaseId"])

    def _dynamic(self, name: str, config: Mapping[str, Any]) -> str:
        return self.make("dynamic", name, {"ttl": 3600, "integrationName": self.integration, **config})


def new_run(site: Site, actions: Iterable[str]) -> Run:
    """A run on this site whose token may do these things, in the run's folder and beside the folders."""
    folder = f"at{uuid.uuid4().int % 10**12}"
    actions = frozenset(actions)
    beside = actions & BESIDE_FOLDERS
    token = site.granted_token({folder: actions - beside, "": beside})
    run = Run(site.emulator, site.site_id, folder, token)
    run.send(item("POST", "folders", parse_path(folder, "path")))
    return run


def _cell(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 120, subsequent_indent=" " * 7, break_on_hyphens=False))


@dataclass(frozen=True)
class Case:
    """A row of the guide's table.

    :arg task: what it says in the column "Task".
    :arg act: the task; gets where it works, and what ``prepare`` has returned.
    :arg needs: the actions without one of which the task does not do what it should.
    :arg optional: those without which it does, with what is different then.
    :arg silent: those whose lack no message tells, since it looks as if there were nothing.
    """

    task: str
    act: Callable[[Any, Any], Any]
    prepare: Callable[[Any], Any] = field(default=lambda _where: None)
    needs: tuple[str, ...] = ()
    optional: Mapping[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()

    @property
    def useful(self) -> frozenset[str]:
        """All the actions that make a difference."""
        return frozenset({*self.needs, *self.optional})

    @property
    def row(self) -> str:
        """The row as the guide has it."""
        needs = ", ".join(f"``{one}``" for one in self.needs) or "nothing"
        optional = "; ".join(f"``{one}`` ({words})" for one, words in self.optional.items())
        cells = (self.task, needs, optional)
        return "\n".join(_cell(f"   {mark} - {cell}") for mark, cell in zip("*  ", cells, strict=True))


def rows(cases: Iterable[Case]) -> str:
    """The rows of the guide's table."""
    return "\n".join(case.row for case in cases)


@dataclass(frozen=True)
class Done:
    """What became of a task.

    :arg work: its successful writes and its result, without what differs from run to run, and without metadata.
    :arg error: the message with which it failed.
    """

    work: Any
    warnings: list[str]
    requests: int
    metadata: Any
    error: str = ""

    @property
    def said(self) -> str:
        """All that the user reads of it."""
        return " ".join([self.error, *self.warnings])


def tried(site: Site, case: Case, actions: Iterable[str]) -> Done:
    """What becomes of the task with these permissions and no others."""
    run = new_run(site, actions)
    made = case.prepare(run)
    site.forget()
    error = ""
    result: Any = {}
    try:
        result = case.act(run, made)
    except WorkloadCredentialsError as failure:
        error = str(failure)
    entries = site.journal()
    writes = [
        (entry["method"], _plain(entry["path"], run), _plain(str(entry["query"]), run))
        for entry in entries
        if entry["method"] != "GET" and 200 <= entry["status"] < 300
    ]
    values = dict(result) if isinstance(result, Mapping) else {"": result}
    warnings = values.pop("warnings", [])
    values.pop("diff", None)
    metadata = _metadata(values)
    return Done((writes, _plain(values, run)), warnings, len(entries), metadata, error)


def _metadata(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        own = [sorted(value["metadata"])] if isinstance(value.get("metadata"), Mapping) else []
        return own + [one for inner in value.values() for one in _metadata(inner)]
    return [one for inner in value for one in _metadata(inner)] if isinstance(value, list) else []


def _plain(value: Any, run: Run) -> Any:
    """The same without metadata and what differs from run to run."""
    if isinstance(value, Mapping):
        hidden = "leaseId" in value
        return {
            name: "..." if hidden and inner else _plain(inner, run)
            for name, inner in value.items()
            if name not in ("metadata", "expiration", "seconds_left", "from_now")
        }
    if isinstance(value, (list, tuple)):
        return [_plain(inner, run) for inner in value]
    return _VARYING.sub("...", value) if isinstance(value, str) else value
