/** `push --dry-run` of messages and of lines of the PMSI: the gateway's code decides, in a process of this machine; errors have the places of the files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkMapped } from '../../../../services/cli/push/check-mapped.ts'
import { pmsiSource } from '../../../../services/cli/push/pmsi-files.ts'
import type { Report } from '../../../../services/cli/push/report.ts'
import { openSource, type Source } from '../../../../services/cli/push/source.ts'
import { rum, vidHosp } from '../../../helpers/pmsi-lines.ts'
import { adt } from '../../gateway/decode/hl7/messages.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-check-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function written(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function checked(source: Source, env: NodeJS.ProcessEnv = {}) {
  const told: string[] = []
  const nothing = () => undefined
  const report: Report = {
    progress: nothing,
    say: nothing,
    end: nothing,
    rejected: (file, line, { path, rule, allowed = [] }) =>
      void told.push([file.slice(folder.length + 1), line, path, rule, ...allowed].join(' ')),
  }
  const environment = { ...process.env, CHAINON_FEEDS_DIR: 'schemas/feeds', ...env }
  return { ...(await checkMapped(source, report, environment, '')), told }
}

test('messages, by their number in the file; what the file itself lacks is among them', async () => {
  const body = [adt('A28'), adt('A28').replace('19790315|F', '19790315|X'), 'BTS|3'].join('\r')
  expect(await checked(openSource(written('a.hl7', body)))).toEqual({
    accepted: 1,
    rejected: 2,
    told: ['a.hl7 2 PID[1]-8 enum F M O A U N', 'a.hl7 3 BTS-1 batch-count'],
  })
})

test('lines of the PMSI, by their file', async () => {
  const files = [written('vid.txt', vidHosp()), written('rss.txt', `\n${rum({ 86: '1' })}`)]
  expect(await checked(await pmsiSource(files, () => undefined))).toEqual({
    accepted: 1,
    rejected: 1,
    told: ['rss.txt 2 RSS column 86 identity-mismatch'],
  })
})

test('a setting of the gateway that is wrong ends the check', async () => {
  const source = openSource(written('b.hl7', adt('A28')))
  await expect(checked(source, { CHAINON_DEFAULT_TIME_ZONE: 'Paris' })).rejects.toMatchObject({ code: 'configuration' })
})
