/** What a contract must say of a text that is passed on. */
import { describe, expect, it, test } from 'vitest'
import { parseContract } from '#core/contract/parse.ts'
import { privacyTable } from '#core/contract/privacy-table.ts'
import { contractText } from '../../../helpers/text-contract.ts'

type Field = { name: string; type: unknown; privacy: Record<string, unknown>; rules?: object[] }

/** @returns the problems of a contract with a text after the change; empty when it is accepted */
function problemsOf(change: (note: Field, fields: Field[]) => unknown): readonly string[] {
  const contract = JSON.parse(contractText('fr', 'language')) as { fields: Field[] }
  const note = contract.fields.find(({ name }) => name === 'note')
  if (!note) throw new Error('the contract has no text')
  change(note, contract.fields)
  const result = parseContract('note', JSON.stringify(contract))
  return result.ok ? [] : result.problems
}

describe('a text that is scrubbed', () => {
  it('is accepted with its language', () => {
    expect(problemsOf(() => undefined)).toEqual([])
  })

  test.each<[string, (note: Field, fields: Field[]) => unknown, RegExp]>([
    ['no language, as before there was a scrubber', ({ privacy }) => delete privacy.language, /'language'/],
    ['a language that is not read', ({ privacy }) => (privacy.language = 'de'), /language: must be fr or en/],
    ['no replacement', ({ privacy }) => delete privacy.replacement, /'replacement'/],
    ['a number', (note) => (note.type = ['null', 'long']), /scrub needs a string/],
    ['a language in no field', ({ privacy }) => (privacy.language_field = 'tongue'), /'tongue', which does not exist/],
    ['a language that is a time', ({ privacy }) => (privacy.language_field = 'authored_at'), /a string or an enum/],
    ['a name too long for its rules', (note) => (note.name = 'n'.repeat(52)), /at most 50/],
    [
      'a share of doubtful words above 100',
      ({ privacy }) => (privacy.uncertain = { above: 101, action: 'drop' }),
      /above/,
    ],
    [
      'surrogates in a text that a reader is to look through',
      ({ privacy }) => Object.assign(privacy, { replacement: 'surrogates', uncertain: { above: 3, action: 'keep' } }),
      /'uncertain' cannot be kept in a text with surrogates/,
    ],
    [
      'another replacement',
      ({ privacy }) => (privacy.replacement = 'stars'),
      /replacement: must be tags or surrogates/,
    ],
    ['a bound without an action', ({ privacy }) => (privacy.uncertain = { above: 3 }), /'action'/],
    [
      'a rule with the name of one of its own',
      (note) => (note.rules = [{ id: 'text-note-binary', check: 'pattern', pattern: 'a', severity: 'flag' }]),
      /begin with text- are Chainon's own/,
    ],
  ])('is not accepted with %s', (_what, change, problem) => {
    const problems = problemsOf(change)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(problem)
  })

  it('has what becomes of an uncertain one in the table for the data protection officer', () => {
    const contract = JSON.parse(contractText('fr')) as { fields: Field[] }
    for (const { name, privacy } of contract.fields)
      if (name === 'note') privacy.uncertain = { above: 3, action: 'drop' }
    const result = parseContract('note', JSON.stringify(contract))
    if (!result.ok) throw new Error(result.problems.join('; '))
    const row = privacyTable(result.contract).find(({ field }) => field === 'note')
    expect(row?.action).toMatch(/the text becomes null, and is counted, if more than 3 of 100 words are doubtful/)
  })

  it.each(['quarantine', 'drop'])('may have surrogates, and %s what is uncertain', (action) => {
    expect(
      problemsOf(({ privacy }) =>
        Object.assign(privacy, { replacement: 'surrogates', uncertain: { above: 3, action } }),
      ),
    ).toEqual([])
  })

  it('says in the table that surrogates hide what was missed', () => {
    const result = parseContract('note', contractText('fr', undefined, 'surrogates'))
    if (!result.ok) throw new Error(result.problems.join('; '))
    const row = privacyTable(result.contract).find(({ field }) => field === 'note')
    expect(row?.action).toMatch(/replaced by another name.*found again only with the first-level secret/)
    expect(row?.remains).toMatch(/the text, with surrogates$/)
    expect(row?.risk).toMatch(/What was missed stands among surrogates and looks like them/)
  })

  it('has its language in the table for the data protection officer', () => {
    const result = parseContract('note', contractText('en', 'language'))
    if (!result.ok) throw new Error(result.problems.join('; '))
    const row = privacyTable(result.contract).find(({ field }) => field === 'note')
    expect(row?.action).toMatch(/^scrubbed, read as the language of language, else English:/)
  })
})
