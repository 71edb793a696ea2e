/** Generalises a place to its department: two characters, three overseas, 2A and 2B for Corsica. */

/** @param code a French postcode or INSEE commune code @returns the department, or null when it is neither */
export function departmentOf(code: string): string | null {
  const text = code.trim().toUpperCase()
  if (/^2[AB]\d{3}$/.test(text)) return text.slice(0, 2)
  if (!/^\d{5}$/.test(text)) return null
  if (text.startsWith('97') || text.startsWith('98')) return text.slice(0, 3)
  // Corsican postcodes begin with 20: 200 and 201 are Corse-du-Sud, 202 and 206 Haute-Corse.
  if (text.startsWith('200') || text.startsWith('201')) return '2A'
  if (text.startsWith('202') || text.startsWith('206')) return '2B'
  // 99 is a country of birth or death in the codes of INSEE.
  return text.startsWith('00') || text.startsWith('96') ? null : text.slice(0, 2)
}
