/** A record in which a worker loops for ever ends the process, and is known to the next one. The processes are real. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { countStalls, createSuspects } from '#core/worker/suspects.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-stall-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const MESSAGE = { offset: '42', timestamp: '7' }
const options = { folder, group: 'g', topics: ['other', 't'], stallSeconds: 2, attempts: 2 }

/** A worker that takes a record and then does what `work` says. @returns the signal that ended it */
async function worker(work: string): Promise<NodeJS.Signals | null> {
  const code = `
    import { createSuspects } from '#core/worker/suspects.ts'
    const suspects = createSuspects(${JSON.stringify(options)})
    suspects.refresh()
    // The thread that watches starts while the event loop turns: a worker connects to its dependencies meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    if (suspects.enter('t', 3, ${JSON.stringify(MESSAGE)})) { ${work} }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: 'ignore',
    timeout: 30_000,
    killSignal: 'SIGTERM',
  })
  await once(child, 'exit')
  return child.signalCode
}

describe('a record in which the event loop stands still', () => {
  it('ends the process, and is not run again after so many times', async () => {
    expect(await worker('for (;;);')).toBe('SIGKILL')
    expect(await worker('for (;;);')).toBe('SIGKILL')
    expect(await worker('for (;;);')).toBeNull()
    const suspects = createSuspects(options)
    suspects.refresh()
    expect(suspects.enter('t', 3, MESSAGE)).toBe(false)
    // The same offset of a topic that was created again, and the neighbours.
    expect(suspects.enter('t', 3, { ...MESSAGE, timestamp: '8' })).toBe(true)
    expect(suspects.enter('t', 2, MESSAGE)).toBe(true)
    await suspects.close()
  }, 100_000)

  it('does not end a process that only works for long', async () => {
    expect(
      await worker(
        'for (let i = 0; i < 4; i++) { const until = Date.now() + 1000; while (Date.now() < until); await new Promise((r) => setTimeout(r, 50)) }',
      ),
    ).toBeNull()
  }, 100_000)

  it('ignores a line that a full disk cut', () => {
    const line = JSON.stringify({ topic: 't', partition: 0, offset: '1', timestamp: '2' })
    expect([...countStalls(`${line}\n${line.slice(0, 20)}\n${line}\n`)]).toEqual([['t:0:1:2', 2]])
  })
})
