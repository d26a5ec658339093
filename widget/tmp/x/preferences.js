function t(e,r,...o){let i=document.createElement(e);for(let n of Object.keys(r)){let c=r[n];typeof c=="string"&&i.setAttribute(n,c)}for(let n of o)(n||n==="")&&i.append(n);return i}function h(e,r,o,i={}){let c=new URL(r,location.href).origin!==location.origin&&{target:"_blank",rel:"noopener","aria-label":`${e} (${o})`};return t("a",{href:r,...c,...i},e)}function y(e,r,...o){let i=e.attachShadow({mode:"open"}),n=r.replace(/;/g,"!important;");try{let c=new CSSStyleSheet;c.replaceSync(n),i.adoptedStyleSheets=[c]}catch{i.append(t("style",{},n))}for(let c of o)c&&i.append(c);return i}var x=`
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
header {
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
main {
  flex: 1 1 auto;
  min-height: 8em;
  overflow: auto;
  padding: 0 1.5em 1.5em;
  font-size: .9375em;
  overflow-wrap: anywhere;
}
main > p, section p {
  color: var(--m);
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
  padding: 3px;
  border-radius: 14px;
  background: var(--m);
  cursor: pointer;
}
input[role=switch]::before {
  content: "";
  display: block;
  width: 22px;
  height: 22px;
  border-radius: 50%;
  background: var(--b);
}
input[role=switch]:checked {
  background: var(--a);
}
input[role=switch]:checked::before {
  margin-inline-start: 20px;
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
footer {
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
  header, main, footer {
    padding-inline: 1em;
  }
  footer {
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
`;function k(e,{language:r,texts:o}){let{name:i,provider:n,country:c,third_party:l}=e,a=o[l?"third_party":"first_party"]??"",s=l?` · ${n}, ${C(c,r)}`:"";return t("div",{class:"w"},t("h4",{},i),t("span",{},a+s))}function u({privacy_policy:e,opt_out:r,name:o},{texts:i}){let{policy_link:n="",opt_out:c="",new_tab:l=""}=i,a=(s,d)=>d&&h(s,d,`${o}, ${l}`);return(e||r)&&t("p",{class:"k"},a(n,e),a(c,r))}function v(e,r,{texts:o}){let i=["column_name","column_purpose","column_lifespan"],n=t("tr",{role:"row"});for(let a of i)n.append(t("th",{role:"columnheader",scope:"col"},o[a]));let c=t("tbody",{role:"rowgroup"});for(let a of r){let s=o[H[a.storage]]??"",d=a.http_only?`${s}, ${o.http_only}`:s,p=t("code",{},a.name),m=t("tr",{role:"row"});m.append(t("th",{role:"rowheader",scope:"row"},p,t("small",{},d)),t("td",{role:"cell"},a.purpose),t("td",{role:"cell","data-c":o.column_lifespan},a.lifespan)),c.append(m)}let l=`${o.cookies_shown}: ${e.name}`;return t("table",{role:"table","aria-label":l},t("thead",{role:"rowgroup"},n),c)}var H={cookie:"storage_cookie",local_storage:"storage_local",session_storage:"storage_session",indexed_db:"storage_indexed"};function C(e,r){try{return new Intl.DisplayNames(r,{type:"region"}).of(e)??e}catch{return e}}function _(e,r){let{notice:o,state:i,receipt:n,pending:c}=e,{texts:l,language:a}=o,s=t("section",{},t("h3",{},l.receipt_title));if(n&&!c){let d=new Date(i.time*1e3).toLocaleString(a,{dateStyle:"long",timeStyle:"short"});s.append(t("dl",{},t("dt",{},l.receipt_id),t("dd",{},t("code",{},n.id)),t("dt",{},l.receipt_time),t("dd",{},d)),N(n.token,e),$(n.receipt,l.receipt_download??""))}else s.append(t("p",{},c?l.receipt_pending:l.receipt_none));return P(e)&&s.append(r),s}function P({state:e}){for(let r of[e.choices,e.services])for(let o of Object.keys(r))if(r[o])return!0;return!1}function N(e,{notice:r}){let{receipt_code:o,receipt_code_text:i}=r.texts,n=t("input",{readonly:"",value:e,"aria-describedby":"code"});return n.addEventListener("focus",()=>n.select()),t("label",{class:"f"},t("span",{},o),n,t("small",{id:"code"},i))}function $(e,r){let o=URL.createObjectURL(new Blob([e],{type:"application/jose"}));return t("p",{},t("a",{href:o,download:"consent-receipt.jws"},r))}function S({notice:e,report:r}){let{texts:o,services:i}=e,{deleted:n=[],left:c=[]}=r??{},l=t("ul",{class:"d"});for(let s of n)l.append(t("li",{},t("code",{},s)));let a=t("ul",{});for(let s of c){let d=t("li",{},t("code",{},s.name));for(let p of i)if(p.id===s.service){let m=u({...p,privacy_policy:null},e);d.append(t("span",{},p.name)),m&&d.append(m)}s.http_only&&d.append(t("small",{},o.leftovers_http_only)),a.append(d)}return[n.length>0&&l,c.length>0&&t("p",{},o.leftovers),c.length>0&&a]}function E(e,r,o){let{notice:i,state:n}=r,{id:c,title:l,text:a,required:s,justification:d}=e,p=t("h3",{},l),m=s?t("div",{class:"h"},p,t("span",{class:"o"},i.texts.always_on)):t("label",{class:"h"},p,L(c,c,n.choices[c]===!0,o));return t("section",{},m,t("p",{},a),d&&t("p",{},d),R(e,r,o))}function R(e,{notice:r,state:o},i){let{id:n,cookies:c}=e,l=t("summary",{},`${r.texts.cookies_shown} (${c.length})`),a=t("details",{},l),s=z(e,r);for(let[d,p]of g(e,r)){let m=k(d,r),T=(o.services[d.id]??o.choices[n])===!0,b=u(d,r),w=v(d,p,r);a.append(s.has(d)?t("label",{class:"h"},m,L(n,d.id,T,i)):m,...b?[b,w]:[w])}return c.length>0&&a}function g(e,r){let o=new Map;for(let i of r.services)for(let n of e.cookies)n.service===i.id&&o.set(i,[...o.get(i)??[],n]);return o}function z(e,r){let o=new Set;if(e.required)return o;for(let[i]of g(e,r)){let n=0;for(let c of r.categories)g(c,r).has(i)&&n++;i.third_party&&n===1&&o.add(i)}return o.size<2&&o.clear(),o}function L(e,r,o,i){let n=t("input",{type:"checkbox",role:"switch",name:r});return n.checked=o,i.set(e,[...i.get(e)??[],n]),n.addEventListener("change",()=>{let[c,...l]=i.get(e)??[],a=!1;for(let s of l)n===c&&(s.checked=n.checked),a||(a=s.checked);c&&n!==c&&(c.checked=a)}),n}function Z(e){let{notice:r}=e;document.querySelector("consent-preferences")?.remove();let o=t("consent-preferences",{lang:r.language,dir:r.direction}),i=t("dialog",{"aria-labelledby":"title"});i.append(...e.report?j(e,i):A(e,i)),i.addEventListener("close",()=>o.remove()),y(o,e.styles+x,i),document.documentElement.append(o),i.showModal()}function f(e,r,o,i,n){let c=t("button",{type:"button",id:`consent-${r}`,class:n},e.notice.texts[o]);return e.press(c,i),c}function M(e,r,o){let{texts:i}=e.notice,n=f(e,"close","",()=>r.close(),"x");return n.setAttribute("aria-label",i.close??""),t("header",{},t("h2",{id:"title",tabindex:"-1",autofocus:""},i[o]),n)}function j(e,r){let{notice:o,home:i}=e,{guide_link:n="",new_tab:c=""}=o.texts,l=h(n,`${i}/guide?lang=${o.language}`,c);return[M(e,r,"withdrawn"),t("main",{},...S(e),t("p",{},l)),t("footer",{},f(e,"done","close",()=>r.close()))]}function A(e,r){let{notice:o,gpc:i}=e,n=new Map,c=s=>d=>{let{choices:p,services:m}=q(e,n,s);r.close(),e.decide(s,p,m,d)},l=[];for(let s of o.categories)l[l.length]=E(s,e,n);let a=f(e,"withdraw","withdraw",e.withdraw,"q");return[M(e,r,"preferences_title"),t("main",{},t("p",{},o.texts.preferences_text),i&&t("p",{class:"n"},o.texts.gpc),...l,_(e,a)),t("footer",{},f(e,"reject-all","refuse_all",c("refuse_all"),"q"),f(e,"accept-all","accept_all",c("accept_all"),"q"),f(e,"save","save",c("save")))]}function q({notice:e},r,o){let i={},n={};for(let{id:c,required:l}of e.categories){if(l)continue;let[a,...s]=r.get(c)??[];i[c]=o==="save"?a?.checked===!0:o==="accept_all";let d=!1;for(let p of s)d||(d=p.checked!==a?.checked);if(o==="save"&&d)for(let p of s)n[p.name]=p.checked}return{choices:i,services:n}}export{Z as open};
