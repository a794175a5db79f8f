# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One site's store, in memory, and the rules that span several items: folders, deletion, use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from .clock import Clock
from .errors import Conflict, NotFound
from .items import DynamicSecret, Folder, Integration, Item, Lease, StaticSecret
from .names import is_inside, parent_of

Kind = TypeVar("Kind", bound=Item)


class Collection(Generic[Kind]):
    """The items of one kind by path, the softly deleted ones among them."""

    def __init__(self, noun: str, *, exists: str, deleted_exists: str) -> None:
        self._noun = noun
        self._exists = exists
        self._deleted_exists = deleted_exists
        self._items: dict[str, Kind] = {}

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._items.values())

    def any(self, path: str) -> Kind:
        """The item, deleted or not."""
        if path not in self._items:
            raise NotFound(f"the {self._noun} {path} does not exist.")
        return self._items[path]

    def live(self, path: str) -> Kind:
        """The item, if it is not deleted."""
        item = self.any(path)
        if item.deleted:
            raise NotFound(f"the {self._noun} {path} is deleted.")
        return item

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
        self._items[item.path] = item
        return item

    def drop(self, path: str) -> None:
        """Remove the item for good."""
        del self._items[path]

    def inside(self, folder: str) -> list[Kind]:
        """Everything below the folder at any depth, deleted or not."""
        return [item for item in self if is_inside(item.path, folder)]

    def listed(self, folder: str, *, recursive: bool, deleted: bool) -> list[Kind]:
        """What a list shows, by path."""
        found = [item for item in self if item.deleted is deleted and is_inside(item.path, folder)]
        if not recursive:
            found = [item for item in found if parent_of(item.path) == folder]
        return sorted(found, key=lambda item: item.path)


class Site:
    """Folders, secrets, integrations and leases of one site."""

    def __init__(self, id: str, clock: Clock, *, leading_slash: bool = False) -> None:
        self.id = id
        self.clock = clock
        self.leading_slash = leading_slash
        self.folders: Collection[Folder] = Collection(
            "folder", exists="folder_already_exists", deleted_exists="deleted_folder_exists"
        )
        self.static: Collection[StaticSecret] = Collection(
            "static secret", exists="secret_already_exists", deleted_exists="deleted_secret_exists"
        )
        self.dynamic: Collection[DynamicSecret] = Collection(
            "dynamic secret", exists="secret_already_exists", deleted_exists="deleted_secret_exists"
        )
        self.integrations: dict[tuple[str, str], Integration] = {}
        self.leases: dict[str, Lease] = {}

    def require_parent(self, path: str) -> None:
        """Refuse where the folder of the path is missing or deleted."""
        parent = parent_of(path)
        if parent and self.folders.any(parent).deleted:
            raise Conflict("folder_deleted", f"the folder {parent} has been deleted.")

    def require_listable(self, folder: str, *, deleted: bool) -> None:
        """Refuse a list of a folder that is not there; a deleted one only shows what is deleted."""
        if folder:
            self.folders.any(folder) if deleted else self.folders.live(folder)

    def integration(self, type: str, name: str) -> Integration:
        """The integration."""
        if (type, name) not in self.integrations:
            raise NotFound(f"the {type} integration {name!r} does not exist.")
        return self.integrations[type, name]

    def users_of(self, integration: Integration) -> list[DynamicSecret]:
        """The dynamic secrets that need it, the deleted ones too, by path."""
        users = [secret for secret in self.dynamic if secret.integration_id == integration.id]
        return sorted(users, key=lambda secret: secret.path)

    def active_leases(self, secret: DynamicSecret) -> list[Lease]:
        """The leases of the secret that are neither revoked nor expired, the oldest first."""
        now = self.clock.now()
        return [
            lease for lease in self.leases.values() if lease.secret_id == secret.id and lease.state(now) == "active"
        ]

    def active_lease(self, lease_id: str) -> Lease:
        """The lease, if it still lives."""
        lease = self.leases.get(lease_id)
        if lease is None or lease.state(self.clock.now()) != "active":
            raise NotFound(f"there is no active lease {lease_id}.")
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
        if not recursive and any(permanent or not item.deleted for _path, item in contents):
            raise Conflict("folder_not_empty", f"the folder {path} is not empty: delete it with recursive=true.")
        for secret in self.dynamic.inside(path):
            self.require_unused(secret)
        now = self.clock.now()
        for collection, item in (*contents, (self.folders, folder)):
            if permanent:
                collection.drop(item.path)
            elif not item.deleted:
                item.deleted_at = now

    def restore_folder(self, path: str) -> Folder:
        """Bring the folder back with all its contents."""
        folder = self.folders.any(path)
        self.restore(folder)
        for _path, item in self._contents(path):
            item.deleted_at = None
        return folder

    def restore(self, item: Item) -> None:
        """Bring a deleted item back."""
        if not item.deleted:
            raise Conflict("not_deleted", f"{item.path} is not deleted.")
        self.require_parent(item.path)
        item.deleted_at = None

    def _contents(
        self, folder: str
    ) -> list[tuple[Collection[Folder] | Collection[StaticSecret] | Collection[DynamicSecret], Item]]:
        collections = (self.folders, self.static, self.dynamic)
        return [(collection, item) for collection in collections for item in collection.inside(folder)]
