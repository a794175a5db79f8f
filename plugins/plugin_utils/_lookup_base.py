# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bases of the lookups: they resolve options from all sources, take several terms, and turn errors into Ansible's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..module_utils._api.client import Client
from ..module_utils._api.errors import OptionError, WorkloadCredentialsError, internal_error
from ..module_utils._api.option_values import Given, is_set, typed
from ..module_utils._spec import CONNECTION, Options
from ._options import Resolved, arguments, environment, ini, play_variables, refuse_unknown, resolve, settings_of
from ._worker import in_check_mode, own_writes_folder, plain

# Options that Ansible itself may pass on, depending on its version and on how the lookup is called.
_ANSIBLES_OWN = {"allow_unsafe", "errors", "wantlist"}
# How messages name the source of an argument of the lookup.
OWN_OPTION = "the lookup's own option"
# An option of every lookup that works on several terms at once.
CONCURRENCY: Mapping[str, Any] = {"type": "int", "default": 8, "env": ("WORKLOAD_CREDENTIALS_CONCURRENCY",)}


class CollectionLookup(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """Base of the collection's lookups: ``run`` is here, ``answer`` in the plugin.

    ``own``: the plugin's options, as data; ``connection``: the options of its service that other plugins have too.
    """

    own: ClassVar[Options]
    connection: ClassVar[Options] = {}
    _resolved = Resolved({}, {})

    def run(self, terms: Sequence[Any], variables: Any = None, **options: Any) -> list[Any]:
        """Return values for the terms, in their order.

        :raises AnsibleLookupError: any failure; the text is for the user and holds no secret value.
        """
        try:
            self._resolve(variables or {}, options)
            return self.answer([_term(term) for term in self._flatten(terms)], variables or {})
        except WorkloadCredentialsError as error:
            raise AnsibleLookupError(self.explained(self._resolved.located(str(error)))) from None
        except AnsibleError:
            raise
        except Exception as error:
            # The last net: nobody should read a traceback.
            name = type(self).__module__.rpartition(".")[2]
            raise AnsibleLookupError(str(internal_error(name, error, self.last_request()))) from None

    def answer(self, terms: list[str], variables: Mapping[str, Any]) -> list[Any]:
        """Do the plugin's own work: return values for the terms."""
        raise NotImplementedError

    def last_request(self) -> str | None:
        """Return method and path of the latest request, for the message of an internal error."""
        return None

    def explained(self, message: str) -> str:
        """Return an error's message with what else is known about its cause."""
        return message

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        """Return the option's value. Ansible's own method would turn what it does not understand into false."""
        return self._resolved.with_defaults(self.own)[option]

    def generating(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the plugin's own options; ``check_mode`` is ``generate`` also outside of check mode."""
        options = {name: self.get_option(name) for name in self.own}
        if not self.in_check_mode(variables):
            options["check_mode"] = "generate"
        return options

    @property
    def origins(self) -> Mapping[str, str]:
        """The places where options were set, in words."""
        return self._resolved.origins

    def warn(self, message: str) -> None:
        """Show a warning to the user."""
        Display().warning(message)

    def in_check_mode(self, variables: Mapping[str, Any]) -> bool:
        """Return whether the lookup's task runs in check mode."""
        return in_check_mode(variables, self._templar)

    def _resolve(self, variables: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        known = {**self.connection, **self.own}
        named = _by_their_names(given, known)
        refuse_unknown(named.keys() - _ANSIBLES_OWN, known)
        sources = [
            arguments(named, OWN_OPTION),
            play_variables(variables, self._templar),
            environment(os.environ),
            ini,
        ]
        self._resolved = resolve(known, sources)


class WorkloadCredentialsLookup(CollectionLookup):
    """Base of the lookups of the Secrets API: the plugin has ``read``."""

    connection = CONNECTION
    _client: Client | None = None

    def answer(self, terms: list[str], variables: Mapping[str, Any]) -> list[Any]:
        """Return values for the terms over the connection that the options describe."""
        self._client = client = Client(settings_of(self._resolved), own_writes_folder())
        values = self.read(client, terms, variables)
        if client.waited >= 1:
            self.warn(f"The service limits requests and made this lookup wait {client.waited:.0f} s.")
        return values

    def read(self, client: Client, terms: list[str], variables: Mapping[str, Any]) -> list[Any]:
        """Do the plugin's own work: return values for the terms."""
        raise NotImplementedError

    def explained(self, message: str) -> str:
        """Return the message, which names the nearest policy if it is about a refusal."""
        if self._client is None or not self._client.denied:
            return message
        from ..module_utils._access.nearest import with_nearest_policy

        return with_nearest_policy(message, self._client.denied, self._resolved.with_defaults(CONNECTION))

    def last_request(self) -> str | None:
        """Return method and path of the latest request."""
        return self._client.last if self._client else None


def _by_their_names(given: Mapping[str, Any], known: Options) -> dict[str, Any]:
    """Return the given options, with their names in the place of aliases."""
    names = {alias: name for name, entry in known.items() for alias in entry.get("aliases", ())}
    return {names.get(name, name): value for name, value in given.items()}


def _term(term: Any) -> str:
    """Return a term as text. An empty term, or one that is no text, is a slip, and its value may be a secret."""
    origin = "the lookup's terms"
    if not is_set(term):
        raise OptionError("_terms", f"a term is empty (from {origin}): check that the variable in it is set.")
    return str(typed("_terms", {"type": "str", "no_log": True}, Given(plain(term), origin)))
