# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One site's store, in memory, and the rules that span several items: folders, deletion, use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from .behaviour import Behaviour
from .clock import Clock
from .errors import ApiError, Conflict, Missing, NotFound
from .items import DynamicSecret, Folder, Integration, Item, Lease, StaticSecret
from .leases import Leases
from .names import is_inside, parent_of
from .past import Past
from .rate_limit import RateLimit

Kind = TypeVar("Kind", bound=Item)


class Collection(Generic[Kind]):
    """The items of one kind by path, the softly deleted ones among them."""

    def __init__(
        self, noun: str, past: Past[str, Kind], *, exists: str, deleted_exists: str, vendor_code: str = ""
    ) -> None:
        self._noun = noun
        self._past = past
        self._exists = exists
        self._deleted_exists = deleted_exists
        self._vendor_code = vendor_code
        self._items: dict[str, Kind] = {}

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._items.values())

    def any(self, path: str) -> Kind:
        """The item, deleted or not."""
        return self._there(path, self._items.get(path))

    def live(self, path: str) -> Kind:
        """The item, if it is not deleted."""
        return self._undeleted(path, self._items.get(path))

    def seen(self, path: str) -> Kind:
        """What reading shows, which may be the item as it was before the latest writes."""
        return self._undeleted(path, self._past.seen(path, self._items.get(path)))

    def changing(self, path: str) -> Kind:
        """The item, to be changed now; deleted ones are only restored."""
        self._past.keep(path, self.any(path))
        return self._items[path]

    def has(self, path: str) -> bool:
        """Whether there is such an item, deleted or not."""
        return path in self._items

    def add(self, item: Kind) -> Kind:
        """Store a new item; its path must be free."""
        found = self._items.get(item.path)
        if found is not None and found.deleted:
            raise Conflict(
                self._deleted_exists, f"a deleted {self._noun} {item.path} exists: restore it or remove it for good."
            )
        if found is not None:
            raise Conflict(self._exists, f"the {self._noun} {item.path} exists already.")
        self._past.keep(item.path, None)
        self._items[item.path] = item
        return item

    def drop(self, path: str) -> None:
        """Remove the item for good."""
        self._past.keep(path, self.any(path))
        del self._items[path]

    def inside(self, folder: str) -> list[Kind]:
        """Everything below the folder at any depth, deleted or not."""
        return [item for item in self if is_inside(item.path, folder)]

    def listed(self, folder: str, *, recursive: bool, deleted: bool, behind: bool) -> list[Kind]:
        """What a list shows, by path.

        :arg behind: it shows what reading shows.
        """
        items = self._seen() if behind else self
        found = [item for item in items if item.deleted is deleted and is_inside(item.path, folder)]
        if not recursive:
            found = [item for item in found if parent_of(item.path) == folder]
        return sorted(found, key=lambda item: item.path)

    def _seen(self) -> Iterator[Kind]:
        for path in {*self._items, *self._past.keys()}:
            item = self._past.seen(path, self._items.get(path))
            if item is not None:
                yield item

    def _there(self, path: str, item: Kind | None) -> Kind:
        if item is None:
            raise Missing(f"the {self._noun} {path} does not exist.", vendor_code=self._vendor_code)
        return item

    def _undeleted(self, path: str, found: Kind | None) -> Kind:
        item = self._there(path, found)
        if item.deleted:
            raise Missing(f"the {self._noun} {path} is deleted.", vendor_code=self._vendor_code)
        return item


class Site:
    """Folders, secrets, integrations and leases of one site."""

    def __init__(self, id: str, clock: Clock, behaviour: Behaviour, *, leading_slash: bool = False) -> None:
        self.id = id
        self.clock = clock
        self.behaviour = behaviour
        self.rate_limit = RateLimit()
        self.leading_slash = leading_slash
        self.folders: Collection[Folder] = Collection(
            "folder", Past(self._read_lag), exists="folder_already_exists", deleted_exists="deleted_folder_exists"
        )
        self.static: Collection[StaticSecret] = Collection(
            "static secret",
            Past(self._read_lag),
            exists="secret_already_exists",
            deleted_exists="deleted_secret_exists",
        )
        self.dynamic: Collection[DynamicSecret] = Collection(
            "dynamic secret",
            Past(self._read_lag),
            exists="secret_already_exists",
            deleted_exists="deleted_secret_exists",
            vendor_code="dynamic_secret_not_found",
        )
        self.integrations: dict[tuple[str, str], Integration] = {}
        self._integrations_past: Past[tuple[str, str], Integration] = Past(self._read_lag)
        self.leases = Leases(clock)

    def require_parent(self, path: str) -> None:
        """Refuse where the folder of the path is missing or deleted."""
        parent = parent_of(path)
        if parent and not self.folders.has(parent):
            raise NotFound(f"the folder {parent} does not exist.")
        if parent and self.folders.any(parent).deleted:
            raise Conflict("folder_deleted", f"the folder {parent} has been deleted.")

    def listed(self, items: Collection[Kind], folder: str, *, recursive: bool, deleted: bool) -> list[Kind]:
        """What a list of the folder shows, by path; of a deleted one only what is deleted."""
        behind = self.behaviour.lists_lag
        if folder and deleted:
            self.folders.any(folder)
        elif folder:
            self.folders.seen(folder) if behind else self.folders.live(folder)
        return items.listed(folder, recursive=recursive, deleted=deleted, behind=behind)

    def integration(self, type: str, name: str) -> Integration:
        """The integration."""
        return _found(type, name, self.integrations.get((type, name)))

    def add_integration(self, integration: Integration) -> Integration:
        """Store a new integration; its name must be free."""
        self.require_new(integration)
        self.keep_integration(integration.type, integration.name)
        self.integrations[integration.type, integration.name] = integration
        return integration

    def require_new(self, integration: Integration) -> None:
        """Refuse an integration whose name is taken."""
        if (integration.type, integration.name) in self.integrations:
            message = f"the {integration.type} integration {integration.name!r} exists already."
            raise Conflict("integration_already_exists", message)

    def seen_integration(self, type: str, name: str) -> Integration:
        """What reading shows of it."""
        return _found(type, name, self._integrations_past.seen((type, name), self.integrations.get((type, name))))

    def seen_integrations(self) -> list[Integration]:
        """What a list shows, by type and name."""
        if not self.behaviour.lists_lag:
            return [self.integrations[key] for key in sorted(self.integrations)]
        past = self._integrations_past
        seen = [past.seen(key, self.integrations.get(key)) for key in sorted({*self.integrations, *past.keys()})]
        return [one for one in seen if one is not None]

    def keep_integration(self, type: str, name: str) -> None:
        """Note that it is about to be made, changed or removed."""
        self._integrations_past.keep((type, name), self.integrations.get((type, name)))

    def users_of(self, integration: Integration) -> list[DynamicSecret]:
        """The dynamic secrets that need it, the deleted ones too, by path."""
        users = [secret for secret in self.dynamic if secret.integration_id == integration.id]
        return sorted(users, key=lambda secret: secret.path)

    def active_leases(self, secret: DynamicSecret) -> list[Lease]:
        """The leases of the secret that are neither revoked nor expired, the oldest first."""
        return self.leases.of(secret.id)

    def active_lease(self, lease_id: str) -> Lease:
        """The lease, if it still lives and is known already."""
        lease = self.leases.get(lease_id)
        message = f"there is no active lease {lease_id}."
        if lease is None:
            raise NotFound(message, vendor_code="lease_not_found")
        if not lease.known:
            raise ApiError(404, "lease_not_found", message)
        return lease

    def require_unused(self, secret: DynamicSecret) -> None:
        """Refuse to remove a dynamic secret whose credentials are in use."""
        active = len(self.active_leases(secret))
        if active:
            raise Conflict("dynamic_secret_in_use", f"{secret.path} has {active} active leases.")

    def delete_folder(self, path: str, *, recursive: bool, permanent: bool) -> None:
        """Delete the folder and, if asked, everything in it; nothing happens unless everything can."""
        folder = self.folders.any(path) if permanent else self.folders.live(path)
        contents = self._contents(path)
        # What is only restorable would be lost by a permanent deletion, so it counts there.
        deleted_count = permanent or self.behaviour.soft_deleted_count
        if not recursive and any(deleted_count or not item.deleted for _path, item in contents):
            raise Conflict("folder_not_empty", f"the folder {path} is not empty: delete it with recursive=true.")
        for secret in self.dynamic.inside(path):
            self.require_unused(secret)
        now = self.clock.now()
        for collection, item in (*contents, (self.folders, folder)):
            if permanent:
                collection.drop(item.path)
            elif not item.deleted:
                collection.changing(item.path).deleted_at = now

    def restore_folder(self, path: str) -> Folder:
        """Bring the folder back with all its contents."""
        folder = self.restore(self.folders, path)
        for collection, item in self._contents(path):
            collection.changing(item.path).deleted_at = None
        return folder

    def restore(self, items: Collection[Kind], path: str) -> Kind:
        """Bring a deleted item back."""
        item = items.any(path)
        if not item.deleted:
            raise Conflict("not_deleted", f"{path} is not deleted.")
        self.require_parent(path)
        items.changing(path).deleted_at = None
        return item

    def _read_lag(self) -> float:
        return self.behaviour.read_lag

    def _contents(
        self, folder: str
    ) -> list[tuple[Collection[Folder] | Collection[StaticSecret] | Collection[DynamicSecret], Item]]:
        collections = (self.folders, self.static, self.dynamic)
        return [(collection, item) for collection in collections for item in collection.inside(folder)]


def _found(type: str, name: str, integration: Integration | None) -> Integration:
    if integration is None:
        raise Missing(f"the {type} integration {name!r} does not exist.")
    return integration
