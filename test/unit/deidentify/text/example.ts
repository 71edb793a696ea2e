/** Runs the engine on a text and shows what it found as `[value](kind)`, so that a test reads as the text does. */
import { type ScanOptions, scan } from '../../../../services/deidentify/text/engine.ts'
import { loadResources } from '../../../../services/deidentify/text/resources.ts'
import type { Language, Layer, Span } from '../../../../services/deidentify/text/types.ts'

const resources = { fr: loadResources('fr'), en: loadResources('en') }

export function spansIn(text: string, language: Language, options: Omit<ScanOptions, 'language'> = {}): Span[] {
  return scan(text, resources[language], { language, ...options })
}

/** @param layers all by default */
export function marked(text: string, language: Language = 'fr', layers?: readonly Layer[]): string {
  let out = ''
  let at = 0
  for (const { start, end, kind } of spansIn(text, language, layers ? { layers: new Set(layers) } : {})) {
    out += `${text.slice(at, start)}[${text.slice(start, end)}](${kind})`
    at = end
  }
  return out + text.slice(at)
}

/** @returns the found values, in order */
export const found = (text: string, language: Language = 'fr', layers?: readonly Layer[]): string[] =>
  [...marked(text, language, layers).matchAll(/\[([^\]]*)\]\((\w+)\)/g)].map(([, value, kind]) => `${kind}: ${value}`)
