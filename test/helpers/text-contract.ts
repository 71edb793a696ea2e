/** A contract whose records have a text and the traits of its patient. */
import { readFileSync } from 'node:fs'

/** @param field of the language of each record's text @returns the contract as its file has it: the feed `document` with `note`, traits and `language` */
export function contractText(language: string, field?: string, replacement = 'tags'): string {
  const document = JSON.parse(readFileSync('schemas/feeds/document.avsc', 'utf8')) as { fields: { name: string }[] }
  const optional = (name: string, type: unknown, privacy: object) => ({
    name,
    type: ['null', type],
    doc: name,
    default: null,
    privacy,
  })
  const dropped = (privacyClass: string) => ({ class: privacyClass, action: 'drop' })
  const fields = [
    ...document.fields.filter(({ name }) => name !== 'title' && name !== 'text'),
    optional('birth_family_name', 'string', dropped('trait')),
    optional('birth_date', { type: 'int', logicalType: 'date' }, dropped('trait')),
    optional('street', 'string', dropped('direct')),
    optional('language', 'string', { class: 'none', action: 'keep', guard: [{ codes: ['iso-639'] }] }),
    optional('note', 'string', {
      class: 'text',
      action: 'scrub',
      language,
      ...(field === undefined ? {} : { language_field: field }),
      replacement,
    }),
  ]
  return JSON.stringify({ ...document, fields })
}
