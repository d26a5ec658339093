// What a film player would keep, if its frame may load: that this visitor watches films here.
(() => {
  "use strict";
  const entry = document.cookie.split("; ").find((part) => part.startsWith("visitor_profile="));
  const profile = entry?.slice("visitor_profile=".length) ?? navigator.language;
  const watched = profile.endsWith(".film") ? profile : `${profile}.film`;
  document.cookie = `visitor_profile=${watched}; path=/; max-age=31536000; SameSite=Lax`;
})();
