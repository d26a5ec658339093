export interface Address {
  /** `<server>/v1` */
  readonly server: string;
  /** `<server>/v1/<site>` */
  readonly home: string;
  /** The language that the tag asks for. */
  readonly asked: string | undefined;
  /** The SHA-256 of a pinned build. */
  readonly pinned: string | undefined;
}

/** Where the server and the site are, from a script tag's address; a pinned build's names no site. */
export function addressOf(src: string, dataSite = ""): Address {
  const [, server = "", pinned, site = dataSite, asked] =
    /^([^?]*\/v1)\/(?:assets\/([\da-f]+)\.js|([^/?]+)\/[^/?]*)(?:.*[?&]lang=([^&#]+))?/.exec(src) ?? [];
  return { server, home: `${server}/${site}`, asked, pinned };
}
