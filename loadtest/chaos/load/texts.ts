/** The texts that the senders write: with the name of a patient, a number and a telephone number, and some that cannot be read. */

/** Every family name of the senders begins so. */
export const TEXT_NAMES = 'Zqcanaro'
export const TEXT_PHONE = '06 39 98 47 53'

/** @param n of the record @returns its text; null for most */
export function textOf(n: number, subject: string): string | null {
  if (n % 5 !== 0) return null
  if (n % 35 === 0) return `%PDF-1.7 ${TEXT_NAMES}`
  return `Prélèvement de Mme ${TEXT_NAMES}el, dossier ${subject}, tél. ${TEXT_PHONE} : hémolysé`
}
