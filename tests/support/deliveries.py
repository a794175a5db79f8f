# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's step does, called as a function: against a real kube-apiserver, and without a play."""

from __future__ import annotations

import functools
import importlib
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.client import InWorker
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job, Service, Template
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import DEFAULT_OWNER
from ansible_collections.community.workload_credentials.plugins.plugin_utils._delivery.action import perform
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.manifests import templates

from tests.support.site import Site

_PLUGINS = Path(__file__).parents[2] / "plugins"


class Deliveries:
    """Deliveries of one site's credentials into one namespace.

    :arg kubeconfig: of the cluster, or of what stands before it.
    """

    def __init__(self, site: Site, kubeconfig: str, namespace: str) -> None:
        self.site = site
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        self.lines: list[str] = []
        self.last_words: list[str] = []

    def run(
        self, *entries: dict[str, Any], state: str = "present", delivery: str = "push", token: str = "", **options: Any
    ) -> Outcome:
        """The outcome for these entries, in the namespace where they name none.

        :arg token: the operator's own; ``connection``: options of the role's own connection.
        :arg without_api: is called instead of the Secrets API.
        :arg service: what is different of the Secrets API as the operator gets it.
        :raises WorkloadCredentialsError: an entry is not right.
        """
        named = [{"namespace": self.namespace, **entry} for entry in entries]
        connection, service = options.pop("connection", {}), options.pop("service", {})
        nobody = options.pop("without_api", None)
        self.lines.clear()
        with ExitStack() as stack:
            cluster = stack.enter_context(InWorker({"kubeconfig": self.kubeconfig}))
            job = Job(
                entries=checked_entries(named, delivery, options.get("owner", DEFAULT_OWNER)),
                client=nobody or functools.partial(self.site.client, **connection),
                service=nobody or (lambda: replace(self._service(token.strip()), **service)),
                cluster=lambda: cluster,
                tokens=lambda elsewhere: stack.enter_context(InWorker(elsewhere)),
                template=own_templates(),
                tell=self.lines.extend,
                last_words=self.last_words.append,
                **options,
            )
            return perform(job, state)

    def _service(self, token: str) -> Service:
        settings, ca_cert = self.site.settings(), Path(self.site.emulator.ca_cert).read_text(encoding="utf-8")
        return Service(settings.api_url, settings.site_id, settings.api_version, token or settings.token(), ca_cert)


@functools.cache
def _begin() -> None:
    """Let Ansible's loader find collections."""
    with suppress(RuntimeError):
        # Done already where something else has needed it.
        init_plugin_loader()


@functools.cache
def own_templates(folder: str | None = None) -> Template:
    # All that is loaded when it is needed: Ansible's loader will have nothing to do with what it has not begun itself.
    for path in (*_PLUGINS.glob("plugin_utils/**/*.py"), *_PLUGINS.glob("module_utils/**/*.py")):
        name = ".".join(path.relative_to(_PLUGINS).with_suffix("").parts)
        importlib.import_module(f"ansible_collections.community.workload_credentials.plugins.{name}")
    _begin()
    loader = DataLoader()
    return templates(SimpleNamespace(_loader=loader, _templar=Templar(loader=loader)), {}, folder)
