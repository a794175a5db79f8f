# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's arguments to its result: the states of cluster_credentials, its connections, and no lease left unnamed.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError

from ...module_utils._api import interruption
from ...module_utils._api.concurrency import check_concurrency
from ...module_utils._api.errors import OptionError, WorkloadCredentialsError, internal_error
from ...module_utils._api.settings import Settings
from ...module_utils._credentials.lease import DYNAMIC_SECRET
from ...module_utils._kube.objects import Cluster
from ...module_utils._spec import CONNECTION
from .._cluster.cluster_access import cluster_elsewhere, cluster_of
from .._cluster.entries import check_owner, checked_entries
from .._cluster.job import Job, Reference, Scope, Service, Template
from .._cluster.outcome import Outcome
from .._cluster.spec import ABSENT, OPTIONS, PRESENT, REFRESHED, RENDERED, VERIFIED
from .._leases.ledger import Minted, Noting
from .._worker import ControllerStderr, environment_in_force, own_environment, own_writes_folder, plain, raise_on_signal
from .recovery import end_what_dead_runs_left

if TYPE_CHECKING:
    from ...module_utils._api.client import Client
    from .._cluster.entries import Entry
    from .._connection import TaskConnection
    from .._eso.status import Status
    from .._leases.notes import Notes


def perform(job: Job, state: str) -> Outcome:
    """Bring the state about, and say what was done, also where it failed.

    :arg state: one of STATES.
    """
    outcome = Outcome()
    minted = Minted(
        job.service_of,
        is_real=not job.check_mode,
        noting=Noting(job.notes_of, lambda: job.cluster().address),
    )
    try:
        try:
            _STATES[state](job, outcome, minted)
        except WorkloadCredentialsError as error:
            outcome.problems.insert(0, str(error))
        except AnsibleError:
            # What Ansible itself knows better, such as a host that cannot be reached.
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            # The last net: nobody should read a traceback, which may quote a value.
            outcome.problems.insert(0, str(internal_error("cluster_credentials", error)))
        interruption.check()
        staying, living = minted.end()
    except BaseException:
        # There will be no result: the person at the screen is told.
        for words in filter(None, minted.end()):
            job.last_words(words)
        raise
    if interruption.is_interrupted():
        # Nor will there be one now.
        for words in filter(None, (staying, living)):
            job.last_words(words)
        interruption.check()
    outcome.warnings.extend(minted.warnings)
    if outcome.problems or living:
        outcome.problems.extend(words for words in (staying, living) if words)
    elif staying:
        outcome.warnings.append(staying)
    return outcome


def _present(job: Job, outcome: Outcome, minted: Minted) -> None:
    from .deliver import Delivery

    if job.entries or job.prune:
        end_what_dead_runs_left(job, outcome)
        delivery = Delivery(job, outcome, minted)
        delivery.run()
        if delivery.missing:
            from .._cluster.lease_checks import warn_of_lost

            warn_of_lost(job, outcome, delivery.missing, is_sure=True)


def _refreshed(job: Job, outcome: Outcome, minted: Minted) -> None:
    """The same, with new credentials for these entries, and nothing of what others there are."""
    _present(replace(job, renew=True, prune=False), outcome, minted)


def _absent(job: Job, outcome: Outcome, minted: Minted) -> None:
    from .._cluster.removal import tear_down

    end_what_dead_runs_left(job, outcome)
    missing = _without_secret(job)
    if missing:
        from .._cluster.lease_checks import warn_of_lost

        # While others still hold theirs, which says who this identity is.
        warn_of_lost(job, outcome, missing, is_sure=False)
    tear_down(job, outcome, minted)


def _without_secret(job: Job) -> list[Entry]:
    """The entries from whose dynamic secrets credentials were pushed into Secrets that are not there."""
    entries = [entry for entry in job.entries if entry.is_pushed and entry.source == DYNAMIC_SECRET]
    if not entries or job.check_mode:
        return []
    from .._cluster.secrets import SECRET

    places = [(entry.namespace, entry.name) for entry in entries]
    found = job.cluster().get_many(SECRET, places, metadata_only=True)
    return [entry for entry, one in zip(entries, found) if one is None]


def _rendered(job: Job, outcome: Outcome, _minted: Minted) -> None:
    from .._eso.render import render

    render(job, outcome)


def _verified(job: Job, outcome: Outcome, _minted: Minted) -> None:
    from .._eso.status import states

    looked, unread = states(job.cluster(), job.entries) if job.entries else ([], ())
    if job.operated:
        from .._eso.verify import compared

        looked = compared(job, looked)
    found = _with_living_leases(job, outcome, looked)
    job.tell([one.line for one in found])
    outcome.report.extend(one.reported() for one in found)
    outcome.problems.extend(one.line for one in found if one.problem)
    outcome.problems.extend(sorted(unread))


def _with_living_leases(job: Job, outcome: Outcome, found: Sequence[Status]) -> Sequence[Status]:
    """The states, where a lease has ended too; and warnings of leases that no Secret holds."""
    paths = [one.entry.path for one in found if one.entry.source == DYNAMIC_SECRET]
    if not paths:
        return found
    from .._cluster.lease_checks import listed_leases, warn_of_unheld
    from .._eso.status import with_living_leases

    try:
        listed = listed_leases(job, paths)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"It was not looked whether leases live that Secrets hold, or that none does. {error}")
        return found
    warn_of_unheld(job, outcome, listed)
    return with_living_leases(job, found, listed)


_STATES: Mapping[str, Callable[[Job, Outcome, Minted], None]] = MappingProxyType(
    {PRESENT: _present, REFRESHED: _refreshed, ABSENT: _absent, RENDERED: _rendered, VERIFIED: _verified}
)


def run_task(action: Any, variables: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """The result of a task of cluster_credentials.

    :arg action: its action plugin; ``variables``: the task's.
    :arg tell: shows a text.
    """
    with ExitStack() as stack:
        last_words = ControllerStderr()
        stack.callback(last_words.close)
        stack.enter_context(raise_on_signal())
        stack.enter_context(environment_in_force(own_environment(action)))
        try:
            parameters = _parameters(action)
            job = _job(action, parameters, TaskContext(action, variables, parameters, stack), tell, last_words)
        except WorkloadCredentialsError as error:
            return {"failed": True, "changed": False, "msg": str(error), "report": []}
        return perform(job, parameters["state"]).result(diff=bool(action._task.diff))
    raise AssertionError("the stack lets every exception pass")


def _parameters(action: Any) -> dict[str, Any]:
    """The task's own options; what is empty is not set. Those of the connection are resolved where it is needed.

    :raises WorkloadCredentialsError: an option is unknown or of a wrong type.
    """
    own = {name: option for name, option in OPTIONS.items() if name not in CONNECTION}
    given = plain(action._task.args)
    chosen = {name: value for name, value in given.items() if name not in CONNECTION and value not in (None, "")}
    result = ArgumentSpecValidator(dict(own)).validate(chosen)
    if result.error_messages:
        message = result.errors.msg
        if isinstance(result.errors[0], UnsupportedError):
            message = f"Unsupported parameters for (cluster_credentials) module: {message}"
        raise WorkloadCredentialsError(remove_values(message, result._no_log_values))
    parameters: dict[str, Any] = result.validated_parameters
    return parameters


def _job(
    action: Any,
    parameters: Mapping[str, Any],
    needs: TaskContext,
    tell: Callable[[str], None],
    last_words: ControllerStderr,
) -> Job:
    check_concurrency(parameters["concurrency"])
    _check_kept(parameters)
    if parameters["wait_timeout"] < 0:
        raise OptionError("wait_timeout", "it must be 0 or more seconds.")
    if parameters["templates_dir"]:
        # One that is wrong is said at once.
        needs.templates()
    check_owner(parameters["owner"])
    copied = ("create_namespaces", "prune", "renew", "wait", "wait_timeout", "render_dir", "concurrency", "owner")
    return Job(
        entries=checked_entries(parameters["entries"], parameters["delivery"], parameters["owner"]),
        client=needs.client,
        service=needs.service,
        cluster=needs.cluster,
        tokens=needs.tokens,
        template=needs.template,
        tell=lambda lines: tell("\n".join(lines)) if lines else None,
        last_words=last_words.say,
        check_mode=bool(action._task.check_mode),
        scope=Scope(
            parameters["scope"] == "cluster", parameters["operator_namespace"], parameters["operator_controller"] or ""
        ),
        notes=needs.notes,
        journal_dir=needs.journal_dir,
        **{name: parameters[name] for name in copied},
    )


def _check_kept(parameters: Mapping[str, Any]) -> None:
    """:raises OptionError: what the user keeps in the cluster is not named, or said twice."""
    for option, others in (("operator_token_secret", ("operator_token",)), ("ca_secret", ("ca", "ca_inline"))):
        kept = _kept(parameters, option)
        if any(kept.values()) and not kept.get("name"):
            raise OptionError(f"{option}.name", "name it.")
        for other in others:
            if kept and parameters[other]:
                raise OptionError(option, f"{option} and {other} exclude each other.")
        if kept.get("namespace") and parameters["scope"] != "cluster":
            raise OptionError(f"{option}.namespace", "with scope namespace it is read in each entry's own namespace.")


def _kept(parameters: Mapping[str, Any], option: str) -> dict[str, Any]:
    """What the user keeps, without what is not said of it; empty: nothing."""
    given = {name: value for name, value in (parameters[option] or {}).items() if value not in (None, "")}
    return given if set(given) - {"key", "kind"} else {}


class TaskContext:
    """What a task may need, each made when it is first asked for; Ansible compiles what is loaded in each worker.

    :arg stack: ends them with the task.
    """

    def __init__(
        self, action: Any, variables: Mapping[str, Any], parameters: Mapping[str, Any], stack: ExitStack
    ) -> None:
        self._action = action
        self._variables = variables
        self._parameters = parameters
        self._stack = stack
        # Caches are the object's own, so that nothing outlives the task.
        self.connection = cache(self._connection)
        self.settings = cache(self._settings)
        self._notes: dict[Any, Notes] = {}
        self._others: dict[str, Cluster] = {}
        self.client = cache(self._client)
        self.cluster = cache(self._cluster)
        self.service = cache(self._service)
        self.templates = cache(self._templates)

    def template(self, name: str, given: Mapping[str, Any]) -> tuple[str, str]:
        """Render one of the operator's templates."""
        return self.templates()(name, given)

    def journal_dir(self) -> str | None:
        """Where notes of leases lie, if not in the run's temporary folder."""
        return self.connection().journal_dir

    def _connection(self) -> TaskConnection:
        from .._connection import task_connection

        return task_connection(self._action, self._variables, is_here=True)

    def _settings(self) -> Settings:
        return self.connection().settings()

    def tokens(self, elsewhere: Mapping[str, Any]) -> Cluster:
        """The cluster to which these options lead, which mints tokens."""
        name = json.dumps(elsewhere, sort_keys=True, default=str)
        if name not in self._others:
            made = cluster_elsewhere(self._action, elsewhere, self._parameters["concurrency"])
            self._others[name] = self._stack.enter_context(made)
        return self._others[name]

    def notes(self, kind: str, service: Any) -> Notes | None:
        """This run's notes of the leases that a client's service mints; None: this identity can take none."""
        if id(service) not in self._notes:
            found = self._notes_of(kind, service)
            if found is None:
                return None
            self._notes[id(service)] = found
        return self._notes[id(service)]

    def _notes_of(self, kind: str, service: Any) -> Notes | None:
        from .._cluster.sources import origin_at
        from .._leases.journal import run_folder
        from .._leases.notes import Notes

        origin = origin_at(kind, service)
        return Notes.of_this_run(run_folder(), origin, self.journal_dir(), os.environ) if origin else None

    def _client(self) -> Client:
        from ...module_utils._api.client import Client

        return Client(self.settings(), own_writes_folder())

    def _cluster(self) -> Cluster:
        return self._stack.enter_context(cluster_of(self._action, self._variables, self._parameters["concurrency"]))

    def _templates(self) -> Template:
        from .._eso.manifests import templates

        return templates(self._action, self._variables, self._parameters["templates_dir"])

    def _service(self) -> Service:
        """The Secrets API as the operator gets it."""
        settings, parameters = self.settings(), self._parameters
        own, ca_source = _kept(parameters, "operator_token_secret"), _kept(parameters, "ca_secret")
        ca_cert = None if ca_source else _pem(parameters["ca"] or settings.ca_cert)
        if parameters["ca_inline"] and not ca_cert:
            raise OptionError("ca_inline", "there is no certificate authority: set ca, or ca_cert of the connection.")
        kept: dict[str, Any] = {"token": Reference(**own)} if own else {}
        return Service(
            api_url=settings.api_url,
            site_id=settings.site_id,
            api_version=settings.api_version,
            product=settings.api_product,
            # The operator sends what lies in the Secret; a newline of the file would break the header.
            access_token=None if own else (parameters["operator_token"] or "").strip() or settings.token(),
            ca_cert=ca_cert,
            **kept,
            ca_source=Reference(**ca_source) if ca_source else None,
            ca_inline=parameters["ca_inline"],
        )


def _pem(ca_cert: str | None) -> str | None:
    """The certificates themselves, of a file or as they are."""
    if not ca_cert:
        return None
    from .._eso.apply import check_pem

    if "-----BEGIN" in ca_cert:
        check_pem(ca_cert, "ca")
        return ca_cert
    try:
        with open(os.path.expanduser(ca_cert), encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "it is no PEM text"
        raise OptionError("ca", f"cannot read {ca_cert}: {problem}.") from None
    check_pem(text, "ca")
    return text
