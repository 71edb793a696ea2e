/** How transfer syntaxes encode data sets (PS3.5, A). */
export const IMPLICIT = '1.2.840.10008.1.2'
export const BIG_ENDIAN = '1.2.840.10008.1.2.2'

/** @param syntax of the standard: all but two of them are explicit and little-endian */
export function encodingOf(syntax: string): { readonly explicit: boolean; readonly little: boolean } {
  return { explicit: syntax !== IMPLICIT, little: syntax !== BIG_ENDIAN }
}
