/** The preferences' own styles, on top of those shared with the banner. */
export const PREFERENCES = `
:host {
  display: block;
}
dialog {
  box-sizing: border-box;
  width: 46em;
  max-width: calc(100% - 2em);
  max-height: min(90vh, 54em);
  margin: auto;
  padding: 0;
  overflow: auto;
  border: 1px solid transparent;
  border-radius: var(--r);
  background: var(--b);
  color: var(--t);
  box-shadow: 0 1em 4em rgb(0 0 0/.35);
}
dialog[open] {
  display: flex;
  flex-direction: column;
}
::backdrop {
  background: rgb(10 12 18/.5);
}
.top {
  display: flex;
  align-items: center;
  gap: 1em;
  padding: 1em 1em 1em 1.5em;
  padding-inline: 1.5em 1em;
}
h2, h3, h4, p, ul, dl, dd {
  margin: 0;
}
h2 {
  flex: 1;
  font-size: 1.25em;
  font-weight: 650;
  line-height: 1.3;
  outline: 0;
}
h3 {
  font-size: 1em;
  font-weight: 650;
}
h4 {
  font-size: 1em;
  font-weight: 600;
}
.x {
  width: 44px;
  padding: 0;
  background: transparent;
  color: var(--t);
}
.x::before {
  content: "✕";
}
.all {
  flex: 1 1 auto;
  min-height: 8em;
  overflow: auto;
  padding: 0 1.5em 1.5em;
  font-size: .9375em;
  overflow-wrap: anywhere;
}
.all > p, section p {
  color: var(--m);
}
.all > * + * {
  margin-top: 1em;
}
section {
  margin-top: 1.25em;
  padding-top: 1.25em;
  border-top: 1px solid var(--l);
}
section > * + * {
  margin-top: .5em;
}
.n {
  margin-top: 1em;
  padding: .75em 1em;
  border-inline-start: 4px solid var(--a);
  background: color-mix(in srgb, var(--a) 10%, var(--b));
}
.h {
  display: flex;
  align-items: center;
  justify-content: space-between;
  gap: 1em;
}
label.h {
  min-height: 44px;
  cursor: pointer;
}
.o {
  color: var(--m);
  font-weight: 600;
  font-size: .875em;
}
input[role=switch] {
  flex: none;
  appearance: none;
  box-sizing: border-box;
  width: 48px;
  height: 28px;
  margin: 0;
  padding: 4px;
  border: 2px solid var(--m);
  border-radius: 14px;
  cursor: pointer;
}
input[role=switch]::before {
  content: "";
  display: block;
  width: 16px;
  height: 16px;
  border-radius: 50%;
  background: var(--m);
}
input[role=switch]:checked {
  border-color: color-mix(in srgb, var(--a) 60%, var(--t));
  background: var(--a);
}
input[role=switch]:checked::before {
  margin-inline-start: 20px;
  background: var(--c);
}
summary {
  width: fit-content;
  padding-block: .5em;
  font-weight: 600;
  font-size: .9375em;
  cursor: pointer;
}
.w {
  margin-top: .75em;
}
.w span, .k, small, dt {
  color: var(--m);
  font-size: .875em;
}
.k a {
  display: inline-block;
  padding-block: .25em;
  margin-inline-end: 1em;
}
table {
  width: 100%;
  margin-top: .5em;
  border-collapse: collapse;
  font-size: .875em;
}
th, td {
  padding: .625em .75em;
  border-top: 1px solid var(--l);
  text-align: start;
  vertical-align: top;
  font-weight: 400;
}
th:first-child {
  width: 12em;
  padding-inline-start: 0;
}
td:last-child {
  width: 8em;
}
thead th {
  color: var(--m);
  border: 0;
}
code {
  font: .9375em ui-monospace, monospace;
}
small {
  display: block;
}
dl {
  display: grid;
  grid-template-columns: auto 1fr;
  gap: .25em 1em;
}
.f {
  display: block;
}
.f input {
  display: block;
  box-sizing: border-box;
  width: 100%;
  min-height: 44px;
  margin: .25em 0;
  padding: .5em .75em;
  border: 1px solid var(--m);
  border-radius: calc(var(--r)*.5);
  background: transparent;
  color: inherit;
  font: .875em ui-monospace, monospace;
}
ul {
  padding-inline-start: 1.25em;
}
.d {
  list-style: "✓  ";
}
li {
  margin-top: .5em;
}
li span {
  margin-inline-start: .5em;
}
.end {
  display: grid;
  flex: none;
  grid-template-columns: repeat(3, minmax(0, 1fr));
  gap: .625em;
  padding: 1em 1.5em;
  border-top: 1px solid var(--l);
}
#consent-done {
  grid-column: 2;
}
@media (max-width: 40em) {
  dialog {
    max-width: calc(100% - 1em);
    max-height: calc(100vh - 1em);
  }
  .top, .all, .end {
    padding-inline: 1em;
  }
  .end {
    grid-template-columns: repeat(2, minmax(0, 1fr));
    font-size: .875em;
  }
  #consent-save, #consent-done {
    grid-column: 1/-1;
  }
  table, tbody, tr, td, tbody th {
    display: block;
  }
  thead {
    display: none;
  }
  th:first-child, td:last-child {
    width: auto;
  }
  tbody th, td {
    padding: .25em 0;
  }
  td {
    border: 0;
  }
  td[data-c]::before {
    content: attr(data-c) ": ";
    color: var(--m);
  }
}
@media (forced-colors: active) {
  input[role=switch] {
    appearance: auto;
  }
  input[role=switch]::before {
    content: none;
  }
}
`;
