/** A killed process leaves none behind: neither a load test, nor a run of the tests, whose workers vitest kills when it was killed itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { identityOf, isAlive } from '#core/process/identity.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const OWN = 'file://' + join(ROOT, 'services/core/process/stop-with-parent.ts')
/** Ends by no signal that it can ignore. */
const CHILD = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000)`
const PARENT = `
  import { spawn } from 'node:child_process'
  import { stopWithParent } from '${OWN}'
  const child = spawn(...stopWithParent(process.execPath, ['-e', ${JSON.stringify(CHILD)}], 'KILL'), { stdio: 'ignore' })
  child.once('spawn', () => console.log(child.pid))
  setInterval(() => undefined, 1000)`

test.runIf(process.platform === 'linux')('a program ends with the one that started it, also by kill -9', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
  const pid = Number(line)
  const identity = identityOf(pid)
  expect(isAlive(pid, identity)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid, identity)).toBe(false)
})

test('what the tests with servers and the load tests start, they start so', () => {
  const folders = ['test/helpers', 'test/contract', 'test/integration', 'test/integrity', 'test/e2e', 'loadtest']
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  )
  const starts = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\bspawn\(\s*(\S+)/g)].map(([, first]) => [file, first ?? '']),
  )
  expect(starts.length).toBeGreaterThan(20)
  expect(starts.filter(([, first]) => !first?.startsWith('...stopWithParent('))).toEqual([])
})
