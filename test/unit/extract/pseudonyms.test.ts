import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { projectPseudonyms, replaceIdentifiers } from '../../../services/extract/pseudonyms.ts'

const pseudonyms = projectPseudonyms(Buffer.alloc(32, 7))
const p2 = (n: number) => `p2_${String(n).padStart(43, 'a')}`

async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function rewritten(
  text: string,
  domains: Parameters<typeof replaceIdentifiers>[1],
  sizes = [65_536],
  batch = 1024,
): Promise<string> {
  const batches: Buffer[] = []
  for await (const { bytes } of replaceIdentifiers(inChunks(Buffer.from(text), sizes), domains, pseudonyms, batch))
    batches.push(Buffer.from(bytes))
  return Buffer.concat(batches).toString()
}

describe('shifted dates', () => {
  const shift = { within: 182, weekday: 'keep' as const }
  const moving = projectPseudonyms(Buffer.alloc(32, 7), shift)
  const rows = async (text: string, by = moving) => {
    const lines: string[] = []
    for await (const { bytes } of replaceIdentifiers(
      inChunks(Buffer.from(text), [64]),
      ['person', 'shifted', 'shifted'],
      by,
    ))
      lines.push(bytes.toString())
    return lines.join('').trimEnd().split('\n')
  }
  const row = (person: number, at: string, on: string) => `${p2(person)}\t${at}\t${on}\tx\n`
  const days = (text = '') => Date.parse(`${text.slice(0, 10)}T00:00:00Z`) / 86_400_000

  test('move by the same days for all rows of a person, and keep the time of day; null stays null', async () => {
    const [first = '', second = ''] = await rows(
      row(1, '2024-02-28 10:11:12.123', '\\N') + row(1, '1999-12-31 00:00:00.000', '2024-02-28'),
    )
    const [, at, none, rest] = first.split('\t')
    const [, before, on] = second.split('\t')
    expect([at?.slice(10), none, rest]).toEqual([' 10:11:12.123', '\\N', 'x'])
    expect(days(at)).not.toBe(days('2024-02-28'))
    expect(days(at)).toBe(days(on))
    expect(days(before) - days('1999-12-31')).toBe(days(on) - days('2024-02-28'))
  })

  test('move by other days in another project, and by several days over several persons', async () => {
    const text = Array.from({ length: 40 }, (_, person) => row(person, '2024-02-28 00:00:00.000', '2024-02-28')).join(
      '',
    )
    const moved = async (by = moving) => (await rows(text, by)).map((line) => days(line.split('\t')[2]))
    const [mine, theirs] = [await moved(), await moved(projectPseudonyms(Buffer.alloc(32, 8), shift))]
    expect(new Set(mine).size).toBeGreaterThan(10)
    expect(mine).not.toEqual(theirs)
  })

  test('what is no date ends the build, and so does a shift without bounds', async () => {
    await expect(rows(row(1, 'DB::Exception', '2024-02-28'))).rejects.toThrow('not the rows of the query')
    await expect(rows(row(1, '2024-02-30', '2024-02-28'))).rejects.toThrow('not the rows of the query')
    await expect(rows(row(1, '2024-02-28', '2024-02-28'), pseudonyms)).rejects.toThrow('how far dates are moved')
  })
})

describe('third-level pseudonyms', () => {
  test('are stable for a secret, unrelated between secrets and between domains', () => {
    const other = projectPseudonyms(Buffer.alloc(32, 8))
    const made = ['person', 'record', 'encounter'].map((domain) => pseudonyms.replace(domain as 'person', p2(1)))
    expect(new Set(made).size).toBe(3)
    for (const value of made) expect(value).toMatch(/^p3_[\w-]{43}$/)
    expect(pseudonyms.replace('person', p2(1))).toBe(made[0])
    expect(other.replace('person', p2(1))).not.toBe(made[0])
    expect(pseudonyms.replace('site', 'chu-a')).toMatch(/^site_[\w-]{10}$/)
  })

  test('replace the first fields and copy the rest byte by byte, however the rows are split into chunks', async () => {
    const field = fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .map((text) => text.replace(/[\t\n\\]/g, '') + (text.length % 3 === 0 ? '\\t\\N' : ''))
    const row = fc.record({
      person: fc.nat(50),
      encounter: fc.option(fc.nat(50)),
      rest: fc.array(field, { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
        async (rows, sizes) => {
          const line = (person: string, encounter: string, rest: readonly string[]) =>
            `${[person, encounter, ...rest].join('\t')}\n`
          const id = (n: number | null) => (n === null ? '\\N' : p2(n))
          const given = rows.map(({ person, encounter, rest }) => line(p2(person), id(encounter), rest)).join('')
          const wanted = rows
            .map(({ person, encounter, rest }) =>
              line(
                pseudonyms.replace('person', p2(person)),
                encounter === null ? '\\N' : pseudonyms.replace('encounter', p2(encounter)),
                rest,
              ),
            )
            .join('')
          expect(await rewritten(given, ['person', 'encounter'], sizes)).toBe(wanted)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a row that is longer than a batch passes unchanged', async () => {
    const long = 'x'.repeat(20_000)
    expect(await rewritten(`${p2(1)}\t${long}\n`, ['person'])).toBe(`${pseudonyms.replace('person', p2(1))}\t${long}\n`)
  })

  test('an incomplete answer, or an error in place of a row, ends the build', async () => {
    await expect(rewritten(`${p2(1)}\tx\n${p2(2)}\ty`, ['person'])).rejects.toThrow('ends in the middle of a row')
    await expect(rewritten(`${p2(1)}\tx\nCode: 241. DB::Exception: Memory limit\n`, ['person'])).rejects.toThrow(
      'not the rows of the query',
    )
    await expect(rewritten(`${p2(1)}\n`, ['person', 'record'])).rejects.toThrow('not the rows of the query')
  })

  test('a second-level pseudonym in another column never passes', async () => {
    await expect(rewritten(`${p2(1)}\tx\t${p2(2)}\n`, ['person'])).rejects.toThrow('second-level pseudonym')
    await expect(rewritten(`${p2(1)}\t['${p2(2).replace('p2', 'pn')}']\n`, ['person'])).rejects.toThrow(
      'second-level pseudonym',
    )
  })
})
