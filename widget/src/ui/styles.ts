declare const BASE_CSS: string;
declare const BANNER_CSS: string;

/** What the banner, the preferences and the stand-ins share: base.css, minified. */
export const BASE = BASE_CSS;

/** The banner's own: banner.css, minified. */
export const BANNER = BANNER_CSS;
