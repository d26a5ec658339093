/**
 * Every line that could expire a cookie of this name: a page sees neither domain nor path of its
 * cookies, so each parent domain and each path above is tried, partitioned or not.
 */
export function erasures(name: string, host: string, paths: readonly string[]): string[] {
  const domains = [""];
  for (let rest = host; rest.includes("."); rest = rest.slice(rest.indexOf(".") + 1))
    domains[domains.length] = `; Domain=${rest}`;
  const lines: string[] = [];
  for (const path of ancestors(paths))
    for (const domain of domains)
      for (const kind of ["", "; Secure", "; Secure; Partitioned"])
        lines[lines.length] = `${name}=; Max-Age=0; Path=${path}${domain}${kind}`;
  return lines;
}

/** Each folder on the way, with and without the slash at its end. */
function ancestors(paths: readonly string[]): Set<string> {
  const found = new Set(["/"]);
  for (const path of paths) {
    let way = "";
    for (const part of path.split("/")) {
      way += part;
      found.add(way || "/");
      way += "/";
      found.add(way);
    }
  }
  return found;
}
