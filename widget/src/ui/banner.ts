import type { Notice, Press } from "../core/types";
import { element, later, link, shadow } from "./dom";
import { BANNER, BASE, STATUS } from "./styles";

interface Actions {
  readonly notice: Notice;
  /** `<server>/v1/<site>` */
  readonly home: string;
  readonly press: Press;
  readonly accept: (event: Event) => void;
  readonly refuse: (event: Event) => void;
  readonly choose: (event: Event) => void;
}

/**
 * Shows the banner and returns how to take it away. Its texts and buttons are children of the host,
 * where visitors' own tools find them; the shadow root only frames them. It takes no focus, and
 * comes first in the document so that the keyboard meets it first.
 */
export function showBanner({ notice, home, press, accept, refuse, choose }: Actions): () => void {
  const { texts, layout, language } = notice;
  const t = (key: string): string => texts[key] ?? "";
  const button = (id: string, text: string, act: (event: Event) => void, more = {}): HTMLElement => {
    const node = element("button", { type: "button", id: `consent-${id}`, slot: "s", ...more }, text);
    press(node, act);
    return node;
  };
  const host = element(
    "consent-banner",
    {
      role: "region",
      "aria-label": t("banner_label"),
      lang: language,
      dir: notice.direction,
      popover: "manual",
      "data-form": layout.form,
      "data-at": layout.position,
    },
    element("h2", { id: "consent-title" }, t("banner_title")),
    element("p", { id: "consent-text" }, t("banner_text")),
    link(t("policy_link"), notice.policy_url, t("new_tab")),
    link(t("cookies_link"), `${home}/cookies?lang=${language}`, t("new_tab")),
    button("reject-all", t("refuse_all"), refuse),
    button("accept-all", t("accept_all"), accept),
    button("choose", t("choose"), choose, { class: "q", "aria-haspopup": "dialog" }),
  );
  const slot = (name: string): HTMLElement =>
    element("div", { class: name }, element("slot", { name: name === "s" && name }));
  shadow(host, BASE + BANNER, slot("t"), slot("s"));
  document.documentElement.prepend(host);
  (host as HTMLElement & { showPopover?(): void }).showPopover?.();
  announce(t("banner_label"));
  return () => host.remove();
}

/** Speaks to screen readers: a live region tells what changes in it, so it is filled once it is there. */
export function announce(text = ""): void {
  const host = element("consent-status", { role: "status" });
  shadow(host, BASE + STATUS, element("slot", {}));
  document.documentElement.append(host);
  later(() => host.append(text), 200);
  later(() => host.remove(), 6000);
}
