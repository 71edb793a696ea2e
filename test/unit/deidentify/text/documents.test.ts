/** Lines of `chainon deid text`. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../../..')
const MAIN = join(ROOT, 'services/deidentify/text/main.ts')
/** Milliseconds: each test starts processes. */
const SLOW = 120_000
const folder = mkdtempSync(join(tmpdir(), 'chainon-deid-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LINES = [
  `\uFEFF${JSON.stringify({ id: 'a', text: '😀 Mme Durand, née le 02/01/1978' })}\r`,
  'not json',
  JSON.stringify({ id: 7, text: 'Vu Trabouzi', known: { name: 'Trabouzi' } }),
  JSON.stringify({ text: 'no id' }),
  JSON.stringify({ id: 'c', text: 12 }),
  JSON.stringify({ id: 'd', text: '', lang: 'fr' }),
]

function deid(...options: string[]) {
  const file = join(folder, 'notes.jsonl')
  writeFileSync(file, LINES.join('\n'))
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, 'text', '--lang', 'fr', ...options, file], {
    encoding: 'utf8',
  })
  return {
    lines: stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown),
    stderr,
    status,
  }
}

describe('chainon deid text', () => {
  test(
    'spans in code points, one line a document; bad lines are named, the others go on',
    () => {
      const { lines, stderr, status } = deid()
      expect(lines).toEqual([
        {
          id: 'a',
          spans: [
            { start: 6, end: 12, kind: 'name' },
            { start: 21, end: 31, kind: 'birth_date' },
          ],
        },
        { id: 7, spans: [{ start: 3, end: 11, kind: 'name' }] },
        { id: 'd', spans: [] },
      ])
      expect(status).toBe(1)
      expect(stderr).toContain('line 2 is not JSON')
      expect(stderr).toContain('line 4 id is missing')
      expect(stderr).toContain('line 5 text is missing')
      expect(stderr).toContain('not read: lang')
      expect(stderr).not.toContain('Durand')
    },
    SLOW,
  )

  test(
    '--replace prints the text with tags',
    () => {
      expect(deid('--replace').lines[0]).toEqual({ id: 'a', text: '😀 Mme [NAME], née le [BIRTH_DATE]' })
    },
    SLOW,
  )

  test(
    '--uncertainty adds the share of doubtful words that were let stand',
    () => {
      expect(deid('--uncertainty').lines[2]).toEqual({ id: 'd', spans: [], uncertainty: 0 })
    },
    SLOW,
  )

  test(
    'a missing file is an error of usage',
    () => {
      expect(spawnSync(process.execPath, [MAIN, 'text', '--lang', 'fr', join(folder, 'none')]).status).toBe(2)
    },
    SLOW,
  )

  test(
    'the command line passes its options on',
    () => {
      const help = execFileSync(process.execPath, [join(ROOT, 'services/cli/chainon.mjs'), 'deid', 'text', '--help'], {
        encoding: 'utf8',
      })
      expect(help).toContain('--replace')
    },
    SLOW,
  )

  test(
    'surrogates are the same for one patient in one run, and others in the next one; they need --replace',
    () => {
      const text = 'Mme DUPONT Jeanne va bien.'
      const file = join(folder, 'patients.jsonl')
      const lines = [
        { id: 1, patient: 'a', text },
        { id: 2, patient: 'a', text: `Courrier. ${text}` },
        { id: 3, patient: 'b', text },
        { id: 4, text },
        { id: 5, patient: {}, text },
      ]
      writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'))
      const run = (...options: string[]) =>
        spawnSync(process.execPath, [MAIN, 'text', '--lang', 'fr', ...options, file], { encoding: 'utf8' })
      const namesOf = (stdout: string) =>
        stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => /Mme (.+) va bien/.exec((JSON.parse(line) as { text: string }).text)?.[1])
      const first = run('--replace', '--surrogates')
      const [one, two, three, four] = namesOf(first.stdout)
      expect(one).toMatch(/^\p{Lu}{3,} \p{Lu}\p{Ll}+$/u)
      expect([two === one, three === one, four === one, four === three]).toEqual([true, false, false, false])
      expect(first.stderr).toContain('line 5 patient is neither')
      expect(namesOf(run('--replace', '--surrogates').stdout)).not.toEqual([one, two, three, four])
      const alone = run('--surrogates')
      expect([alone.status, alone.stdout]).toEqual([2, ''])
    },
    SLOW,
  )
})
