/** What stands in for a frame: it lies over the frame's own empty box, so nothing moves. */
export const STAND_IN = `
:host {
  display: inline-block;
  position: absolute;
  box-sizing: border-box;
  width: var(--w);
  height: var(--h);
  transform: translate(var(--x), var(--y));
  overflow: auto;
  border: 1px solid var(--l);
  background: var(--b);
}
div {
  display: flex;
  flex-direction: column;
  align-items: center;
  justify-content: center;
  gap: .75em;
  box-sizing: border-box;
  min-height: 100%;
  padding: 1em;
  text-align: center;
  font-size: .9375em;
}
span {
  max-width: 34em;
}
p {
  margin: 0;
  font-size: .875em;
}
a {
  display: inline-block;
  margin: .25em .75em;
}
`;
