import { isValidElement } from 'preact'

/** @returns the text that a template shows, without its attributes */
export function textOf(node: unknown): string {
  if (Array.isArray(node)) return node.map(textOf).join('')
  if (isValidElement(node)) return textOf((node.props as { children?: unknown }).children)
  return typeof node === 'string' || typeof node === 'number' ? String(node) : ''
}
