/** docs/glossary.md: each term once, in order, with its French equivalent; no word is a term in one row and avoided in another. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'glossary.md'), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, term = '', french = '', meaning = '', not = '']) => ({ term, french, meaning, not }))

it('has each term once', () => {
  const terms = rows.map(({ term }) => term.toLowerCase())
  expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([])
  expect(terms.length).toBeGreaterThan(100)
})

it('is sorted', () => {
  const terms = rows.map(({ term }) => term)
  const order = new Intl.Collator('en', { sensitivity: 'base', ignorePunctuation: false })
  expect(terms).toEqual(terms.toSorted((a, b) => order.compare(a, b)))
})

it('has a French equivalent and one or two sentences for each', () => {
  for (const { term, french, meaning } of rows) {
    expect(french, term).not.toBe('')
    expect(meaning, term).toMatch(/^\S.*\.$/)
    expect(meaning.split(/\.\s/).length, term).toBeLessThanOrEqual(2)
  }
})

it('avoids no word that is a term itself', () => {
  const terms = new Set(rows.map(({ term }) => term.toLowerCase()))
  const avoided = rows.flatMap(({ not }) => not.split(',').map((word) => word.trim().toLowerCase()))
  expect(avoided.filter((word) => terms.has(word))).toEqual([])
})
