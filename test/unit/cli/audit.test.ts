/** `chainon audit` on a file, as an auditor runs it: without Kafka, ClickHouse, or the folder of the installation. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyJournal } from '#core/journal/verify.ts'
import { trusted } from '../../../services/cli/audit/known.ts'
import { exportLine, readEntries } from '../../../services/cli/audit/source.ts'
import { gateway, journal, operator, placed, stranger } from '../core/journal/chain.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-audit-'))
const [file, headsFile] = [join(folder, 'journal.ndjson'), join(folder, 'heads.json')]
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => {
  const { write, anchor, lines, heads } = journal()
  write(gateway)
  write(operator)
  anchor(operator)
  writeFileSync(file, placed(lines).map(exportLine).join(''), { mode: 0o600 })
  const keys = { [gateway.name]: gateway.publicKey, [operator.name]: operator.publicKey }
  const kept = [...heads].map(([name, head]) => [name, { public_key: keys[name], ...head }])
  writeFileSync(headsFile, JSON.stringify(Object.fromEntries(kept)))
})

async function verify(path = file, heads = headsFile) {
  const { writers, heads: known } = trusted(join(folder, 'nowhere'), [], heads)
  return verifyJournal(await readEntries({ file: path }, {}), writers, known).findings.map(({ kind }) => kind)
}

function changed(change: (text: string) => string): string {
  const path = join(folder, 'changed.ndjson')
  writeFileSync(path, change(readFileSync(file, 'utf8')))
  return path
}

test('the heads are enough to verify an export', async () => {
  expect(await verify()).toEqual([])
  expect(statSync(file).mode & 0o077).toBe(0)
})

describe('an export that somebody changed', () => {
  test('what an entry says', async () =>
    expect(await verify(changed((text) => text.replace('revoke', 'create')))).toContain('forged'))
  test('its end is missing', async () =>
    expect(await verify(changed((text) => text.slice(0, text.trimEnd().lastIndexOf('\n') + 1)))).toEqual(['truncated']))
  test('a line that is none', async () =>
    expect(await verify(changed((text) => `${text}{"a":1}\n`))).toEqual(['malformed']))
  test('all of it', async () => expect(await verify(changed(() => ''))).toEqual(['truncated', 'truncated']))
})

test('heads that name another key for a writer are rejected', async () => {
  const wrong = join(folder, 'wrong.json')
  const text = readFileSync(headsFile, 'utf8')
  writeFileSync(wrong, text.replace(gateway.publicKey, stranger.publicKey))
  await expect(verify(file, wrong)).rejects.toThrow(/do not belong together/)
})
