/** COMPOSITION ROOT of what only some websites have, loaded where one has it: cookie tables, and the button. */
import type { Views } from "./core/types";
import { float } from "./ui/floating";
import { fill } from "./ui/tables";

/** Shows cookie tables where the page has a place for them, and the button where the catalog wants it. */
export function add(views: Views): void {
  fill(views);
  if (views.notice.layout.button) float(views);
}
