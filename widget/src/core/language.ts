import type { Excerpt } from "./types";

function primary(tag: string): string {
  return tag.toLowerCase().replace(/[-_].*/, "");
}

/**
 * The language to fetch instead of the notice's own, if any. What the script tag asked for and got is
 * kept; otherwise the page's language counts where the site has it (BCP 47, first subtag).
 */
export function betterLanguage(notice: Excerpt, asked: string | undefined, page: string): string | undefined {
  const shown = primary(notice.language);
  if (primary(page) === shown || (asked && primary(asked) === shown)) return;
  for (const tag of notice.languages) if (primary(tag) === primary(page)) return tag;
  return;
}
