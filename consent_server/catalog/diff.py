"""What changed between two catalogs of a site, and whether visitors are asked again.

Whatever the revision counts is compared entry by entry, so that a change asks if and only if it makes
another revision: `diff(old, new).asks == any(change.asks for change in diff(old, new).changes)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consent_server.catalog.change import Change, asking, keeping
from consent_server.catalog.diff_kept import kept_changes
from consent_server.catalog.notice import notices_of
from consent_server.catalog.revision import counted, revision_of
from consent_server.catalog.wording import country, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consent_server.catalog.model import Catalog, Service

_Granted = dict[str, dict[str, tuple[str, str]]]
"""Category id to service id to provider and country."""


@dataclass(frozen=True, slots=True)
class Diff:
    """The changes of one site: those that ask visitors again come first. Revisions are 64 hex digits."""

    site: str
    old: str
    new: str
    changes: tuple[Change, ...]

    @property
    def asks(self) -> bool:
        """Whether visitors who have chosen are asked again."""
        return self.old != self.new


def diff(old: Catalog, new: Catalog) -> Diff:
    """Compare two catalogs of one site. Raises ValueError where they are of two sites."""
    if old.site.id != new.site.id:
        raise ValueError(f"these are two sites, {old.site.id!r} and {new.site.id!r}: compare one with itself")
    before, after = notices_of(old), notices_of(new)
    first, last = (next(iter(notices.values())) for notices in (before, after))
    changes = [*_asking(old, new, first.body, last.body), *kept_changes(old, new)]
    same = {notice.sha256 for notice in before.values()} == {notice.sha256 for notice in after.values()}
    if not changes and not same:
        changes.append(keeping("look", "Rows or categories stand in another order"))
    return Diff(new.site.id, revision_of(first.body), revision_of(last.body), tuple(changes))


def _asking(
    old: Catalog, new: Catalog, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    first, last = counted(before), counted(after)
    granted, grants = _granted(first), _granted(last)
    for id_ in grants.keys() - granted.keys():
        receivers = [_receiver(new.service(service)) for service in grants[id_]]
        sharing = f", and gives data to {'; '.join(receivers)}" if receivers else ""
        yield asking("category", f"{title(new, id_)} is a new category{sharing}")
    for id_ in granted.keys() - grants.keys():
        yield asking("category-gone", f"{title(old, id_)} is no longer a category")
    for id_ in [id_ for id_ in grants if id_ in granted]:
        yield from _recipients(old, new, id_, granted[id_], grants[id_])
    was, now = first["revision_number"], last["revision_number"]
    if was != now:
        yield asking("revision", f"The revision set by hand is {now}, and was {was}")


def _granted(counts: Mapping[str, Any]) -> _Granted:
    return {
        id_: {service: (provider, country) for service, provider, country in services}
        for id_, services in counts["categories"].items()
    }


def _recipients(
    old: Catalog,
    new: Catalog,
    category: str,
    before: Mapping[str, tuple[str, str]],
    after: Mapping[str, tuple[str, str]],
) -> Iterator[Change]:
    where = title(new, category)
    for id_ in after:
        service = new.service(id_)
        if id_ not in before:
            says = "shares data with" if service.third_party else "stores something for"
            yield asking("recipient", f"{where} now {says} {_receiver(service)}")
            continue
        (was, was_in), (now, now_in) = before[id_], after[id_]
        if was != now:
            yield asking("provider", f"{service.name}, in {where}, is run by {now}, and was by {was}")
        if was_in != now_in:
            said = (
                f"The country of {service.name}, in {where}, is {country(now_in)}, and was {country(was_in)}"
            )
            yield asking("country", said)
    for id_ in before:
        if id_ not in after:
            service = old.service(id_)
            says = "shares data with" if service.third_party else "stores anything for"
            yield asking("recipient-gone", f"{where} no longer {says} {_receiver(service)}")


def _receiver(service: Service) -> str:
    """Return who gets the data: "Meta Platforms Ireland Limited (Ireland), by Meta Pixel"."""
    place = f" ({country(service.country)})" if service.country else ""
    by = f", by {service.name}" if service.name != service.provider else ""
    return f"{service.provider}{place}{by}"
