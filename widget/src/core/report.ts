import { optional } from "./rules";
import type { Cookie, Deletion, Notice, Report, Swept } from "./types";

/** What a withdrawal came to, entry by entry: what was found here, and what the server answered. */
export function reportOf(notice: Notice, swept: Swept, deletions: readonly Deletion[]): Report {
  const deleted: string[] = [];
  const left: Cookie[] = [];
  const listed = new Set<string>();
  for (const category of optional(notice))
    for (const cookie of category.cookies) {
      if (listed.has(cookie.name + cookie.service)) continue;
      listed.add(cookie.name + cookie.service);
      const outcome = outcomeOf(cookie, deletions);
      const gone = swept.get(cookie);
      if (gone || outcome === "expired") deleted[deleted.length] = cookie.name;
      else if (gone === false || cookie.http_only || outcome === "third_party") left[left.length] = cookie;
    }
  return { deleted, left };
}

function outcomeOf(cookie: Cookie, deletions: readonly Deletion[]): string | undefined {
  for (const row of deletions)
    if (row.name === cookie.name && row.service === cookie.service) return row.outcome;
  return;
}
