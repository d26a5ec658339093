/**
 * Styles that the banner, the preferences and the placeholders share; `shadow` makes every
 * declaration important. A slotted button gets its variables by inheritance only, or a page could
 * make one of the twins invisible.
 */
export const BASE = `
:host {
  all: initial;
  color-scheme: inherit;
  direction: ltr;
  unicode-bidi: isolate;
  --b: var(--consent-background, Canvas);
  --t: var(--consent-text, CanvasText);
  --m: color-mix(in srgb, var(--t) 76%, var(--b));
  --l: color-mix(in srgb, var(--t) 20%, var(--b));
  --a: var(--consent-accent, #1f4fbf);
  --c: var(--consent-accent-text, #fff);
  --r: var(--consent-radius, 16px);
  font: medium/1.5 var(--consent-font, system-ui, sans-serif);
  color: var(--t);
}
:host([dir=rtl]) {
  direction: rtl;
}
@supports (color: light-dark(red, red)) {
  :host {
    --b: var(--consent-background, light-dark(#fff, #1d2026));
    --t: var(--consent-text, light-dark(#1a1c21, #f1f2f5));
    --a: var(--consent-accent, light-dark(#1f4fbf, #a9c5ff));
    --c: var(--consent-accent-text, light-dark(#fff, #10203f));
  }
}
@supports (color: contrast-color(red)) {
  :host {
    --c: var(--consent-accent-text, contrast-color(var(--a)));
  }
}
::slotted(*) {
  all: initial;
  color-scheme: inherit;
  --t: inherit;
  --m: inherit;
  --a: inherit;
  --c: inherit;
  --l: inherit;
  --r: inherit;
  direction: inherit;
  unicode-bidi: isolate;
  display: block;
  font: inherit;
  color: inherit;
}
:host::before, :host::after, ::slotted(*)::before, ::slotted(*)::after {
  content: none;
}
button, ::slotted(button) {
  display: block;
  box-sizing: border-box;
  min-height: 44px;
  margin: 0;
  padding: .5em .75em;
  border: 1px solid transparent;
  border-radius: calc(var(--r)*.625);
  background: var(--a);
  color: var(--c);
  font: inherit;
  font-weight: 600;
  text-align: center;
  overflow-wrap: anywhere;
  cursor: pointer;
}
button:hover, ::slotted(button:hover) {
  box-shadow: inset 0 0 0 9em rgb(0 0 0/.1);
}
.q, ::slotted(.q) {
  border-color: var(--l);
  background: transparent;
  color: var(--t);
}
a, ::slotted(a) {
  color: var(--t);
  text-decoration: underline;
  text-underline-offset: .2em;
  cursor: pointer;
}
a:hover, ::slotted(a:hover) {
  text-decoration-thickness: 2px;
}
:focus-visible, ::slotted(:focus-visible) {
  outline: 3px solid var(--t);
  outline-offset: 2px;
}
`;

/** Spoken, not seen. */
export const STATUS = `
:host {
  position: fixed;
  clip-path: inset(50%);
}
`;

/** The banner's own. */
export const BANNER = `
:host {
  display: flex;
  flex-direction: column;
  gap: 1em;
  box-sizing: border-box;
  position: fixed;
  z-index: 2147483647;
  inset-inline-end: 1em;
  bottom: 1em;
  width: 26em;
  max-width: calc(100% - 2em);
  max-height: min(max(80vh, 16em), 100vh - 1em);
  padding: 1.5em;
  overflow: auto;
  border: 1px solid transparent;
  border-radius: var(--r);
  background: var(--b);
  box-shadow: 0 0 0 1px rgb(0 0 0/.07), 0 .25em .75em rgb(0 0 0/.08), 0 1em 3em rgb(0 0 0/.18);
}
:host([data-at=bottom-start]) {
  inset-inline: 1em auto;
}
:host([data-at=centre]) {
  inset: 0;
  margin: auto;
  width: 30em;
  height: fit-content;
}
:host([data-form=bar]) {
  inset-inline: 0;
  bottom: 0;
  width: auto;
  max-width: none;
  border-radius: 0;
}
:host([data-at=top]) {
  inset-block: 0 auto;
}
.t {
  flex: 0 1 auto;
  min-height: 5em;
  overflow: auto;
}
.s {
  display: grid;
  flex: none;
  grid-template-columns: repeat(2, minmax(0, 1fr));
  gap: .625em;
}
::slotted(h2) {
  font-size: 1.125em;
  font-weight: 650;
  line-height: 1.3;
  margin-bottom: .5em;
}
::slotted(p) {
  font-size: .9375em;
  color: var(--m);
  margin-bottom: .75em;
  white-space: pre-line;
}
::slotted(a) {
  display: inline-block;
  padding-block: .25em;
  margin-inline-end: 1em;
  font-size: .875em;
}
::slotted(.q) {
  grid-column: 1/-1;
}
@media (max-width: 30em) {
  :host {
    inset-inline: .5em;
    bottom: .5em;
    width: auto;
    max-width: none;
    padding: 1em;
    gap: .75em;
  }
  ::slotted(p), ::slotted(button) {
    font-size: .875em;
  }
}
@media (min-width: 60em) {
  :host([data-form=bar]) {
    flex-direction: row;
    align-items: center;
    gap: 2em;
    padding: 1.25em max(2em, 50vw - 36em);
  }
  :host([data-form=bar]) .t {
    flex: 1;
  }
  :host([data-form=bar]) .s {
    width: 24em;
  }
}
@media print {
  :host {
    display: none;
  }
}
`;
