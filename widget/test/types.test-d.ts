/** What the shipped types promise to a page; checked by tsc, never run. */
import type { ConsentDetail } from "../consent";

const granted: boolean = window.consent.granted("analytics");
const stop: () => void = window.consent.on("change", ({ choices, method }: ConsentDetail) => {
  const analytics: boolean | undefined = choices.analytics;
  // @ts-expect-error there is no such way to decide
  if (method === "scroll") return analytics;
  return granted;
});
document.addEventListener("consent:withdraw", ({ detail }) => detail.services);
window.consent.save({ analytics: true, "google-analytics": false });
window.consent.ready.then(stop);
const jws: string | undefined = window.consent.receipt()?.receipt;

// @ts-expect-error a choice is made of booleans
window.consent.save({ analytics: jws });
// @ts-expect-error only these events exist
window.consent.on("close", stop);
// @ts-expect-error what was chosen is changed by save
window.consent.choices.analytics = true;
