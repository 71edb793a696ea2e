/**
 * Making and updating elements. The page is brought up to date once a second: only what changed is touched, so that a
 * focused button keeps its focus and a screen reader is not told the same again.
 */
const SVG = 'http://www.w3.org/2000/svg'

/** @param children strings, nodes, or null */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children)
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children)
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined))
  return element
}

export function icon(name) {
  return svg('svg', { class: 'icon', 'aria-hidden': 'true' }, svg('use', { href: `#i-${name}` }))
}

/** A word whose definition shows on hover, on focus and to a screen reader. */
export function defined(text, definition) {
  return h('span', { 'data-tip': definition, 'aria-description': definition, tabindex: '0' }, text)
}

/** A figure with its unit, the unit smaller. */
export function figure(text, unit) {
  return unit ? [text, h('span', { class: 'unit' }, unit)] : [text]
}

/** Replaces the children when they look different from the ones that stand there; keeps them, and the focus, when not. */
export function render(parent, ...children) {
  const next = fill(parent.cloneNode(false), {}, children)
  update(parent, next)
}

/** Brings `old` to the likeness of `next`, touching only what differs. Elements are matched by `data-key`, else by place. */
function update(old, next) {
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  for (const name of old.getAttributeNames()) if (!next.hasAttribute(name)) old.removeAttribute(name)
  const keyed = new Map([...old.children].flatMap((child) => (child.dataset?.key ? [[child.dataset.key, child]] : [])))
  let at = old.firstChild
  const children = [...next.childNodes]
  for (const wanted of children) {
    const match = wanted.dataset?.key ? keyed.get(wanted.dataset.key) : at
    if (match && alike(match, wanted)) {
      if (match === at) at = at.nextSibling
      else old.insertBefore(match, at)
      if (match.nodeType === Node.TEXT_NODE) {
        if (match.data !== wanted.data) match.data = wanted.data
      } else update(match, wanted)
    } else old.insertBefore(wanted, at)
  }
  while (at) {
    const following = at.nextSibling
    at.remove()
    at = following
  }
}

function alike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.dataset?.key === b.dataset?.key
}

export function byId(id) {
  return document.getElementById(id)
}
