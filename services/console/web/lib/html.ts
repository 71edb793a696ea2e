/** The templates (preact and htm) and the small elements that several panels share. Preact changes only the elements that differ. */
import { html } from 'htm/preact'
import type { ComponentChildren, VNode } from 'preact'

export type { ComponentChildren, VNode }
export { html }

/** @param name of a symbol in index.html, without `i-` */
export function icon(name: string): VNode {
  return html`<svg class="icon" aria-hidden="true"><use href="#i-${name}" /></svg>`
}

/** A word with a definition, which is shown on hover and on focus and read by a screen reader. */
export function defined(text: string, definition: string): VNode {
  return html`<span data-tip=${definition} aria-description=${definition} tabindex="0">${text}</span>`
}

/** A figure with its unit in smaller type. */
export function figure(text: string, unit: string): ComponentChildren {
  return unit === '' ? text : html`${text}<span class="unit">${unit}</span>`
}

/** The heading of a table's column. */
export function column(name: string, definition?: string, side?: 'left'): VNode {
  return html`<th scope="col" class=${side}>${definition === undefined ? name : defined(name, definition)}</th>`
}

/** @throws Error when index.html has no such element */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`index.html has no element "${id}"`)
  return element
}
