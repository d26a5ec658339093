import { erasures } from "../core/erasures";
import type { Jar } from "../core/types";

/** Deletes every cookie of this name that the page can reach. */
export function expire(name: string, jar: Jar): void {
  for (const line of erasures(name, location.hostname, [location.pathname])) jar.write(line);
}
