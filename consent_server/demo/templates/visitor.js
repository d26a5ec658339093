const has = (name) => document.cookie.split("; ").some((part) => part.startsWith(`${name}=`));
const rest = "; path=/; max-age=31536000; SameSite=Lax";
if (!has("visitor_id")) document.cookie = `visitor_id=${crypto.getRandomValues(new Uint32Array(2)).join(".")}${rest}`;
if (!has("visitor_profile")) document.cookie = `visitor_profile=${navigator.language}.${screen.width}${rest}`;
