/** Codings of FHIR as codes of the contracts' enums. */

import { type Json, object, objects, text } from '#core/fhir/json.ts'
import { canonicalCode } from '#core/guards/canonical.ts'
import { CODE_SYSTEM_NAMES, type CodeSystemName } from '#core/guards/code-systems.ts'
import { systemOfUri } from '#core/terminology/uris.ts'

export interface Code {
  readonly system: string
  readonly code: string
  /** URI of the code system as it was written, in the length of the field that keeps it: a longer one is none that is known. */
  readonly source: string | null
}

const MAX_SOURCE = 64

/**
 * @param concept a CodeableConcept
 * @param wanted systems of the feed's enum, the preferred one first
 * @returns the coding of the best system, in the one spelling of its system, else the first coding with a code under `other`
 */
export function codeOf(concept: unknown, wanted: readonly string[]): Code | undefined {
  const codings = codingsOf(concept)
  for (const system of wanted) {
    const found = codings.find((coding) => coding.system === system)
    if (found) return isSystem(system) ? { ...found, code: canonicalCode(system, found.code) } : found
  }
  const first = codings[0]
  return first && { ...first, system: 'other' }
}

/** @returns the first coding's code, of any system */
export function anyCode(concept: unknown): string | undefined {
  return codingsOf(concept)[0]?.code
}

/** @returns the text of a CodeableConcept */
export function conceptText(concept: unknown): string | undefined {
  const of = object(concept)
  return of
    ? (text(of.text) ??
        objects(of.coding)
          .map((coding) => text(coding.display))
          .find(Boolean))
    : undefined
}

function codingsOf(concept: unknown): readonly Code[] {
  return objects(object(concept)?.coding).flatMap((coding: Json) => {
    const code = text(coding.code)
    const source = text(coding.system)
    const system = source === undefined ? undefined : systemOfUri(source)
    return code ? [{ system: system ?? 'other', code, source: source?.slice(0, MAX_SOURCE) ?? null }] : []
  })
}

function isSystem(name: string): name is CodeSystemName {
  return (CODE_SYSTEM_NAMES as readonly string[]).includes(name)
}
