import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readFilled } from '../../../../loadtest/deid/filled.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-filled-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function filled(forms: string, copies: number) {
  writeFileSync(join(folder, 'forms.txt'), forms)
  writeFileSync(join(folder, 'values.txt'), '# names\nlast: Even|Odd|Equal|Strange\nward: 1|2\n')
  return readFilled(join(folder, 'forms.txt'), join(folder, 'values.txt'), copies)
}

describe('forms that are filled', () => {
  it('marks what is filled in, at its place', () => {
    const [sample] = filled('# a comment\nSeen by [{last1^}](NAME), no [{~##-A}](ID). Mr {last1_}', 1).read
    expect(sample?.text).toMatch(/^Seen by (EVEN|EQUAL), no \d\d-[A-Z]\. Mr (even|equal)$/)
    const [name, number] = sample?.marks ?? []
    expect(sample?.text.slice(name?.start, name?.end)).toBe(/by (\w+)/.exec(sample?.text ?? '')?.[1])
    expect(sample?.text.slice(number?.start, number?.end)).toMatch(/^\d\d-[A-Z]$/)
  })

  it('gives the halves neither a form nor a value in common, and the same texts again', () => {
    const forms = 'A [{last}](NAME)\n\nB [{last}](NAME)'
    const { read, scored } = filled(forms, 20)
    expect(new Set(read.map(({ text }) => text))).toEqual(new Set(['A Even', 'A Equal']))
    expect(new Set(scored.map(({ text }) => text))).toEqual(new Set(['B Odd', 'B Strange']))
    expect(filled(forms, 20)).toEqual({ read, scored })
  })

  it('names a slot without values', () => {
    expect(() => filled('[{first}](NAME)', 1)).toThrow('no list of values is named first')
  })
})
