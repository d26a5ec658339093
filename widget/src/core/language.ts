import type { Excerpt } from "./types";

/** The first subtag, where it means a kind of another language, or bears an older name, that one's. */
function kind(tag: string): string {
  return tag
    .toLowerCase()
    .replace(/[-_].*/, "")
    .replace(/^n[bn]$/, "no")
    .replace(/^iw$/, "he");
}

/**
 * The language to fetch instead of the notice's own, if any. What the script tag asked for and got is
 * kept; otherwise the page's language counts where the site has it, as the server would choose (BCP 47:
 * the very tag, else the first of its kind).
 */
export function betterLanguage(
  { language, languages }: Excerpt,
  asked: string | undefined,
  page: string,
): string | undefined {
  if (asked && kind(asked) === kind(language)) return;
  let found: string | undefined;
  for (const tag of languages) {
    if (kind(tag) === kind(page)) found ??= tag;
    if (tag.toLowerCase() === page.toLowerCase()) found = tag;
  }
  return found === language ? undefined : found;
}
