/** Every program that starts a stack or a command rejects a misspelt setting before it starts anything. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { frontConfig } from '../../../../deploy/local/clickhouse/config.ts'
import { node24, ROOT } from '../../../../deploy/local/paths.ts'
import { startStack } from '../../../../deploy/local/stack.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-misspelt-'))
const WRONG = { CHAINON_PORT_REDSI: '7000' }
const REMEDY = 'did you mean CHAINON_PORT_REDIS?'

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a misspelt setting', () => {
  it('stops the local stack', async () => {
    await expect(startStack({ dataDir: folder, services: 'none', env: WRONG })).rejects.toThrow(REMEDY)
    expect(readdirSync(folder)).toEqual([])
  })

  it('stops the local ClickHouse', () => {
    expect(() => frontConfig(WRONG)).toThrow(REMEDY)
  })

  it.each([['status'], ['config'], ['simulate']])('stops `chainon %s` with 78', (command) => {
    const run = spawnSync(node24(), [join(ROOT, 'services/cli/main.ts'), command], {
      env: { PATH: process.env.PATH, ...WRONG },
      encoding: 'utf8',
    })
    expect([run.status, run.stdout]).toEqual([78, ''])
    expect(run.stderr).toContain(REMEDY)
  })
})
