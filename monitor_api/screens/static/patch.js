// Make what is here equal to what came, touching only what differs: focus, open details and typed text stay.
// Elements with an id are the same thing wherever they are; `data-own` is a script's own business.
export function patch(was, is) {
  if (was.isEqualNode(is) || was.dataset?.own !== undefined) return;
  if (was.nodeType !== Node.ELEMENT_NODE) { was.data = is.data; return; }
  for (const { name } of [...was.attributes]) if (!is.hasAttribute(name) && name !== "open") was.removeAttribute(name);
  for (const { name, value } of is.attributes) if (was.getAttribute(name) !== value) was.setAttribute(name, value);
  const coming = new Set([...is.children].map(child => child.id));
  for (const child of [...was.children]) if (child.id && !coming.has(child.id)) child.remove();
  let here = was.firstChild;
  for (const next of [...is.childNodes]) {
    const same = next.id ? [...was.children].find(child => child.id === next.id) : here?.nodeName === next.nodeName && !here.id && here;
    if (same && same === here) here = here.nextSibling;
    else was.insertBefore(same || next, here);
    if (same) patch(same, next);
  }
  while (here) { const gone = here; here = here.nextSibling; gone.remove(); }
}
