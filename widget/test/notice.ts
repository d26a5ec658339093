/** A small notice with everything the rules look at. */
import type { Category, Cookie, Envelope, Notice, Service, State } from "../src/core/types";

function cookie(name: string, service: string, more: Partial<Cookie> = {}): Cookie {
  return {
    name,
    service,
    storage: "cookie",
    purpose: "",
    lifespan: "1 year",
    http_only: false,
    path: "/",
    ...more,
  };
}

function category(id: string, cookies: Cookie[]): Category {
  return { id, title: id, text: "", required: id === "necessary", consent_mode: [], cookies };
}

function service(id: string, third_party: boolean): Service {
  return {
    id,
    name: id,
    provider: id,
    country: "IE",
    third_party,
    privacy_policy: null,
    opt_out: null,
    scripts: [],
  };
}

export const notice: Notice = {
  site: "shop",
  language: "en",
  languages: ["en", "lt", "pt-BR"],
  direction: "ltr",
  policy_url: "https://shop.example/privacy",
  ask_again_after: 1000,
  cookie_domain: "shop.example",
  layout: { form: "box", position: "bottom-end" },
  texts: {},
  services: [service("site", false), service("stats", true), service("heat", true), service("ads", true)],
  categories: [
    category("necessary", [cookie("consent", "site"), cookie("sid_*", "site", { http_only: true })]),
    category("analytics", [
      cookie("_s", "stats"),
      cookie("_h*", "heat"),
      cookie("seen", "site", { http_only: true }),
    ]),
    category("social-media", [cookie("_ads", "ads"), cookie("_sx", "stats")]),
  ],
};

export const envelope: Envelope = {
  sha256: "",
  revision: "0123abcd".repeat(8),
  widget: undefined,
  notice,
};

/** A state that grants what is named. */
export function granting(categories: readonly string[], services: State["services"] = {}, time = 500): State {
  const choices = {
    analytics: categories.includes("analytics"),
    "social-media": categories.includes("social-media"),
  };
  return { choices, services, time };
}
