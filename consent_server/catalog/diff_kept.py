"""The changes between two catalogs that the revision does not count: nobody is asked again for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consent_server.catalog.change import keeping
from consent_server.catalog.wording import title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consent_server.catalog.change import Change
    from consent_server.catalog.model import Catalog, Category, Cookie, Service, Site, Texts

_NOTHING = "none"


def kept_changes(old: Catalog, new: Catalog) -> Iterator[Change]:
    """Yield every change that needs no new consent, in the order of a catalog file."""
    yield from _site(old.site, new.site)
    yield from _banner(old, new)
    for category in new.categories:
        for before in old.categories:
            if before.id == category.id:
                yield from _category(new, before, category)
    yield from _services(old, new)
    yield from _cookies(old, new)
    yield from _statements(old, new)


def _site(old: Site, new: Site) -> Iterator[Change]:
    yield from _listed("address", "address of the website", old.origins, new.origins)
    yield from _listed("notice", "language of the website", old.languages, new.languages)
    if set(old.languages) == set(new.languages):
        yield from _value("notice", "The default language", old.languages[0], new.languages[0])
    yield from _value("address", "The cookie domain", old.cookie_domain, new.cookie_domain)
    yield from _value("notice", "The jurisdiction", old.jurisdiction, new.jurisdiction)
    yield from _value("link", "The address of the policy", old.policy_url, new.policy_url)
    yield from _value(
        "time", "The time after which visitors are asked again", old.ask_again_after, new.ask_again_after
    )
    yield from _value("time", "The time for which receipts are kept", old.keep_receipts, new.keep_receipts)
    # The controller's name and country are the provider and country of the service "site", which counts.
    for name in ("address", "email"):
        was, now = getattr(old.controller, name), getattr(new.controller, name)
        yield from _value("notice", f"The controller's {name}", was, now)
    yield from _value(
        "notice", "The supervisory authority", old.controller.authority, new.controller.authority
    )


def _banner(old: Catalog, new: Catalog) -> Iterator[Change]:
    for name, word in (("form", "form"), ("position", "place"), ("button", "button for the settings")):
        was, now = getattr(old.banner, name), getattr(new.banner, name)
        yield from _value("look", f"The banner's {word}", was, now)
    yield from _optional_texts("The banner's own title", old.banner.title, new.banner.title)
    yield from _optional_texts("The banner's own text", old.banner.text, new.banner.text)


def _category(catalog: Catalog, old: Category, new: Category) -> Iterator[Change]:
    called = title(catalog, new.id)
    yield from _texts(f"The title of {called}", old.title, new.title)
    yield from _texts(f"The text of {called}", old.text, new.text)
    yield from _texts(f"The justification of {called}", old.justification or {}, new.justification or {})
    yield from _listed("grant", f"consent mode key of {called}", old.consent_mode, new.consent_mode)


def _services(old: Catalog, new: Catalog) -> Iterator[Change]:
    before = {service.id: service for service in old.services}
    after = {service.id: service for service in new.services}
    used_before = {cookie.service for cookie in old.cookies}
    used_after = {cookie.service for cookie in new.cookies}
    for id_, service in after.items():
        if id_ in before:
            yield from _service(before[id_], service, counts=id_ in used_before & used_after)
        elif id_ not in used_after:
            yield keeping("unused", f"{service.name} is a new service")
    for id_, service in before.items():
        if id_ not in after and id_ not in used_before:
            yield keeping("unused", f"{service.name} is no longer a service")


def _service(old: Service, new: Service, *, counts: bool) -> Iterator[Change]:
    if new.id != "site":
        yield from _value("text", f"The name of {old.name}", old.name, new.name)
    if not counts:
        yield from _value("unused", f"The provider of {new.name}", old.provider, new.provider)
        yield from _value("unused", f"The country of {new.name}", old.country, new.country)
    yield from _value("link", f"The privacy policy of {new.name}", old.privacy_policy, new.privacy_policy)
    yield from _value("link", f"The opt-out of {new.name}", old.opt_out, new.opt_out)
    yield from _listed("notice", f"host of scripts of {new.name}", old.scripts, new.scripts)
    if old.third_party != new.third_party:
        what = "a third party" if new.third_party else "the controller's own"
        yield keeping("notice", f"{new.name} is now said to be {what}")


def _cookies(old: Catalog, new: Catalog) -> Iterator[Change]:
    before = {(row.name, row.storage): row for row in old.cookies if not row.own}
    after = {(row.name, row.storage): row for row in new.cookies if not row.own}
    for key, row in after.items():
        if key in before:
            yield from _cookie(old, new, before[key], row)
        else:
            about = f"{new.service(row.service).name}, {row.lifespan}"
            yield keeping("row", f"“{row.name}” is new in {title(new, row.category)} ({about})")
    for key, row in before.items():
        if key not in after:
            yield keeping("row", f"“{row.name}” is gone from {title(old, row.category)}")


def _cookie(old: Catalog, new: Catalog, was: Cookie, now: Cookie) -> Iterator[Change]:
    called = f"“{now.name}”"
    if was.category != now.category:
        move = f"from {title(old, was.category)} to {title(new, now.category)}"
        yield keeping("row", f"{called} moved {move}")
    if was.service != now.service:
        setter = f"{new.service(now.service).name}, and was set by {old.service(was.service).name}"
        yield keeping("row", f"{called} is set by {setter}")
    yield from _value("lifespan", f"The lifespan of {called}", was.lifespan, now.lifespan)
    yield from _texts(f"The purpose of {called}", was.purpose, now.purpose)
    yield from _value("notice", f"Whether scripts cannot read {called}", was.http_only, now.http_only)
    yield from _value("notice", f"The path of {called}", was.path, now.path)
    yield from _value("notice", f"The exemption of {called}", was.exempt, now.exempt)


def _statements(old: Catalog, new: Catalog) -> Iterator[Change]:
    before = {statement.id: statement for statement in old.statements}
    after = {statement.id: statement for statement in new.statements}
    yield from _listed("promise", "statement of the policy", before, after)
    for id_, now in after.items():
        if id_ in before:
            was = before[id_]
            yield from _texts(f"The title of the statement “{id_}”", was.title, now.title, "promise")
            yield from _texts(f"The text of the statement “{id_}”", was.text, now.text, "promise")


def _value(kind: str, what: str, old: Any, new: Any) -> Iterator[Change]:
    if old != new:
        yield keeping(kind, f"{what} is {_shown(new)}, and was {_shown(old)}")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value else _NOTHING


def _listed(kind: str, what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    before, after = list(old), list(new)
    article = "an" if what[0] in "aeio" else "a"
    for entry in after:
        if entry not in before:
            yield keeping(kind, f"“{entry}” is a new {what}")
    for entry in before:
        if entry not in after:
            yield keeping(kind, f"“{entry}” is no longer {article} {what}")


def _texts(what: str, old: Texts, new: Texts, kind: str = "text") -> Iterator[Change]:
    """Compare a text in the languages of both; what a new language says is no change of what was said."""
    changed = [language for language in new if language in old and old[language] != new[language]]
    if changed:
        yield keeping(kind, f"{what} is worded anew ({', '.join(changed)})")


def _optional_texts(what: str, old: Texts | None, new: Texts | None) -> Iterator[Change]:
    if old is None and new is not None:
        yield keeping("text", f"{what} replaces the usual one")
    elif old is not None and new is None:
        yield keeping("text", f"{what} gives way to the usual one")
    else:
        yield from _texts(what, old or {}, new or {})
