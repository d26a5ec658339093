import type { Excerpt } from "../core/types";
import { element, later, link, shadow } from "./dom";
import { press } from "./press";
import { BANNER, BASE } from "./styles";

type Act = (event: Event) => void;

interface Actions {
  readonly refuse_all: Act;
  readonly accept_all: Act;
  readonly choose: Act;
}

type Text =
  | keyof Actions
  | "banner_label"
  | "banner_title"
  | "banner_text"
  | "policy_link"
  | "cookies_link"
  | "new_tab";

/**
 * Shows the banner and returns how to take it away. Its texts and buttons are children of the host,
 * where visitors' own tools find them; the shadow root only frames them. It takes no focus, and
 * comes first in the document so that the keyboard meets it first. `home` is `<server>/v1/<site>`.
 */
export function showBanner(notice: Excerpt, home: string, actions: Actions): () => void {
  const { layout, language } = notice;
  const texts = notice.texts as Record<Text, string>;
  const button = (id: string, key: keyof Actions, look?: string): HTMLElement => {
    const node = element("button", { id: `consent-${id}`, slot: "s", class: look }, texts[key]);
    press(node, actions[key]);
    return node;
  };
  const host = element(
    "consent-banner",
    {
      role: "region",
      "aria-label": texts.banner_label,
      lang: language,
      dir: notice.direction,
      popover: "manual",
      "data-at": `${layout.form} ${layout.position}`,
    },
    element("h2", {}, texts.banner_title),
    element("p", {}, texts.banner_text),
    link(texts.policy_link, notice.policy_url, texts.new_tab),
    link(texts.cookies_link, `${home}/cookies?lang=${language}`, texts.new_tab),
    button("reject-all", "refuse_all"),
    button("accept-all", "accept_all"),
    button("choose", "choose", "q"),
  );
  shadow(host, BASE + BANNER, element("slot", {}), element("slot", { name: "s" }));
  document.documentElement.prepend(host);
  (host as HTMLElement & { showPopover?(): void }).showPopover?.();
  announce(texts.banner_label);
  return () => host.remove();
}

/** Speaks to screen readers: a live region tells what changes in it, so it is filled once it is there. */
export function announce(text?: string): void {
  const host = element("consent-status", { role: "status" });
  const root = shadow(host, ":host{position:fixed;clip-path:inset(50%);}");
  document.documentElement.append(host);
  later(() => root.append(text as string), 200);
  later(() => host.remove(), 6000);
}
