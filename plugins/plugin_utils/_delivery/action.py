# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's arguments to its result: the states of cluster_credentials, and what a task needs for them."""

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
from ...module_utils._kube.objects import Cluster
from ...module_utils._spec import CONNECTION, Options
from .._cluster.cluster_access import cluster_elsewhere, cluster_of
from .._cluster.entries import check_owner, checked_entries
from .._cluster.job import Job, Scope, Service, Template
from .._cluster.outcome import Outcome
from .._cluster.spec import ABSENT, OPTIONS, PRESENT, REFRESHED, RENDERED, VERIFIED
from .._leases.ledger import Ledger
from .._worker import ControllerStderr, environment_in_force, own_environment, own_writes_folder, plain, raise_on_signal
from .recovery import end_what_dead_runs_left

if TYPE_CHECKING:
    from ...module_utils._api.client import Client
    from .._cluster.entries import Entry
    from .._connection import TaskConnection
    from .._leases.notes import Notes


def perform(job: Job, state: str) -> Outcome:
    """Bring the state about, and return what was done, also where it failed.

    :arg state: one of STATES.
    """
    minted = Ledger(
        job.service_of,
        is_real=not job.check_mode,
        notes=job.notes_of,
        cluster=lambda: job.cluster().address,
    )
    outcome = Outcome()
    accounted(job, outcome, minted, "cluster_credentials", lambda: _STATES[state](job, outcome, minted))
    return outcome


def accounted(job: Job, outcome: Outcome, minted: Ledger, name: str, work: Callable[[], None]) -> None:
    """Do a task's work; whatever happens, end or name each lease that nobody holds afterwards.

    :arg name: the module's, for messages.
    """
    try:
        _attempt(name, outcome, work)
        interruption.check()
        staying, living = minted.end()
    except BaseException:
        # There will be no result, so the person at the screen reads it now.
        _say_last(job, *minted.end())
        raise
    if interruption.is_interrupted():
        # Nor will there be a result here.
        _say_last(job, staying, living)
        interruption.check()
    outcome.warnings.extend(minted.warnings)
    if outcome.problems or living:
        outcome.problems.extend(filter(None, (staying, living)))
    elif staying:
        outcome.warnings.append(staying)


def _attempt(name: str, outcome: Outcome, work: Callable[[], None]) -> None:
    """Do the work; an error becomes the first problem of the outcome."""
    try:
        work()
    except WorkloadCredentialsError as error:
        outcome.problems.insert(0, str(error))
    except AnsibleError:
        # Ansible itself reports it better, such as a host that cannot be reached.
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught
        # The last net: nobody should read a traceback, which may quote a value.
        outcome.problems.insert(0, str(internal_error(name, error)))


def _say_last(job: Job, staying: str, living: str) -> None:
    """Show the sentences about leases that stay, where no result can hold them."""
    for sentence in filter(None, (staying, living)):
        job.last_words(sentence)


def _present(job: Job, outcome: Outcome, minted: Ledger) -> None:
    from .deliver import Delivery

    if job.entries or job.prune:
        end_what_dead_runs_left(job, outcome)
        delivery = Delivery(job, outcome, minted)
        delivery.run()
        if delivery.missing:
            from .._cluster.lease_checks import warn_of_lost

            warn_of_lost(job, outcome, delivery.missing, is_sure=True)


def _refreshed(job: Job, outcome: Outcome, minted: Ledger) -> None:
    """Deliver new credentials for these entries, and leave all others alone."""
    _present(replace(job, renew=True, prune=False), outcome, minted)


def _absent(job: Job, outcome: Outcome, minted: Ledger) -> None:
    from .._cluster.removal import tear_down

    end_what_dead_runs_left(job, outcome)
    missing = _without_secret(job)
    if missing:
        from .._cluster.lease_checks import warn_of_lost

        # Now, while other Secrets still hold their leases, which tell who this identity is.
        warn_of_lost(job, outcome, missing, is_sure=False)
    tear_down(job, outcome, minted)


def _without_secret(job: Job) -> list[Entry]:
    """Return the entries whose pushed Secret is missing, though it held credentials of a dynamic secret."""
    entries = [entry for entry in job.entries if entry.is_pushed and entry.kind.has_api_leases]
    if not entries or job.check_mode:
        return []
    from .._cluster.secrets import SECRET

    places = [(entry.namespace, entry.name) for entry in entries]
    secrets = job.cluster().get_many(SECRET, places, metadata_only=True)
    return [entry for entry, secret in zip(entries, secrets) if secret is None]


def _rendered(job: Job, outcome: Outcome, _minted: Ledger) -> None:
    from .._eso.delivery import render

    render(job, outcome)


def _verified(job: Job, outcome: Outcome, _minted: Ledger) -> None:
    from .._eso.delivery import verify

    verify(job, outcome)


_STATES: Mapping[str, Callable[[Job, Outcome, Ledger], None]] = MappingProxyType(
    {PRESENT: _present, REFRESHED: _refreshed, ABSENT: _absent, RENDERED: _rendered, VERIFIED: _verified}
)


def run_task(action: Any, variables: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the result of a task of cluster_credentials.

    :arg action: its action plugin; ``variables`` are the task's.
    :arg tell: shows a text.
    """
    with ExitStack() as stack:
        last_words = ControllerStderr()
        stack.callback(last_words.close)
        stack.enter_context(raise_on_signal())
        stack.enter_context(environment_in_force(own_environment(action)))
        try:
            parameters = parameters_of(action, OPTIONS, "cluster_credentials")
            needs = TaskContext(action, variables, parameters, stack)
            job = _job(action, parameters, needs, tell, last_words)
        except WorkloadCredentialsError as error:
            return {"failed": True, "changed": False, "msg": str(error), "report": []}
        outcome = perform(job, parameters["state"])
        outcome.problems[:] = needs.explained(outcome.problems)
        return outcome.result(diff=bool(action._task.diff))
    raise AssertionError("the stack lets every exception pass")


def parameters_of(action: Any, options: Options, name: str) -> dict[str, Any]:
    """Return the task's own options; an empty one is not set. Those of the connection are resolved where it is needed.

    :arg name: the module's, for messages.
    :raises WorkloadCredentialsError: an option is unknown or of a wrong type.
    """
    own = {option: entry for option, entry in options.items() if option not in CONNECTION}
    given = plain(action._task.args)
    chosen = {option: value for option, value in given.items() if option not in CONNECTION and value not in (None, "")}
    result = ArgumentSpecValidator(dict(own)).validate(chosen)
    if result.error_messages:
        message = result.errors.msg
        if isinstance(result.errors[0], UnsupportedError):
            message = f"Unsupported parameters for ({name}) module: {message}"
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
        # A wrong folder fails at once.
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
    """Raise OptionError if a Secret that the user keeps has no name, or if another option excludes it."""
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
    """Return how the user refers to what he keeps in the cluster, without empty fields; empty: he keeps nothing."""
    given = {name: value for name, value in (parameters[option] or {}).items() if value not in (None, "")}
    return given if set(given) - {"key", "kind"} else {}


class TaskContext:
    """What a task may need: each part is made when it is first asked for, as each worker compiles what it loads.

    :arg stack: closes them with the task.
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

    def explained(self, problems: Sequence[str]) -> list[str]:
        """Return the problems; the first that is about a refusal of the Secrets API names the nearest policy."""
        denied = self.client().denied if self.client.cache_info().currsize else {}
        if not denied:
            return list(problems)
        from ...module_utils._access.nearest import with_nearest_policy

        explained, options = list(problems), self.connection().resolved.with_defaults(CONNECTION)
        for number, problem in enumerate(problems):
            explained[number] = with_nearest_policy(problem, denied, options)
            if explained[number] != problem:
                break
        return explained

    def journal_dir(self) -> str | None:
        """Return the folder for notes of leases; None: the run's temporary folder."""
        return self.connection().journal_dir

    def _connection(self) -> TaskConnection:
        from .._connection import task_connection

        return task_connection(self._action, self._variables, is_here=True)

    def _settings(self) -> Settings:
        return self.connection().settings()

    def tokens(self, elsewhere: Mapping[str, Any]) -> Cluster:
        """Return the cluster to which these options lead, which mints tokens."""
        key = json.dumps(elsewhere, sort_keys=True, default=str)
        if key not in self._others:
            cluster = cluster_elsewhere(self._action, elsewhere, self._parameters["concurrency"])
            self._others[key] = self._stack.enter_context(cluster)
        return self._others[key]

    def notes(self, kind: str, service: Any) -> Notes | None:
        """Return this run's notes of the leases that a service mints; None: this identity can take none."""
        notes = self._notes.get(id(service)) or self._notes_of(kind, service)
        if notes is not None:
            self._notes[id(service)] = notes
        return notes

    def _notes_of(self, kind: str, service: Any) -> Notes | None:
        from .._cluster.sources import origin_at
        from .._core_internals import run_folder
        from .._leases.notes import Notes

        origin = origin_at(kind, service)
        return Notes.of_this_run(run_folder(), origin, self.journal_dir(), os.environ) if origin else None

    def _client(self) -> Client:
        from ...module_utils._api.client import Client

        return Client(self.settings(), own_writes_folder())

    def _cluster(self) -> Cluster:
        return self._stack.enter_context(cluster_of(self._action, self._variables, self._parameters["concurrency"]))

    def _templates(self) -> Template:
        from .._eso.delivery import templates

        return templates(self._action, self._variables, self._parameters["templates_dir"])

    def _service(self) -> Service:
        """Return the Secrets API as the operator reaches it."""
        from .._eso.delivery import service_for

        token_secret, ca_secret = (_kept(self._parameters, option) for option in ("operator_token_secret", "ca_secret"))
        return service_for(self.settings(), self._parameters, token_secret, ca_secret)
