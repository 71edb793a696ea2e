/** `push` on a terminal that a user interrupts: the terminal is as it was, the command says how to go on, and the same command goes on. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { harness, observation } from '../../gateway/harness.ts'

/** util-linux's, which gives a program a terminal. */
const hasTerminal = /util-linux/.test(String(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout))
const folder = mkdtempSync(join(tmpdir(), 'chainon-interrupted-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const RECORDS = 40

const env = { ...process.env, NODE: process.execPath, CHAINON_DATA_DIR: folder, TERM: 'xterm', COLUMNS: '200' }

/** @returns what the terminal shows, and the keyboard */
function onTerminal(line: string, key: string) {
  const child = spawn('script', ['-qefc', line, '/dev/null'], { env: { ...env, CHAINON_API_KEY: key } })
  let shown = ''
  child.stdout.on('data', (piece: Buffer) => {
    shown += piece.toString()
  })
  let over = false
  const ended = once(child, 'close').then(() => (over = true))
  return {
    type: (keys: string) => child.stdin.write(keys),
    /** Waits until it is so, or the command has ended. */
    async until(reached: () => boolean) {
      while (!reached() && !over) await sleep(20)
      expect(over, shown).toBe(false)
    },
    async ended() {
      await ended
      return shown
    },
  }
}

test.skipIf(!hasTerminal)(
  'Ctrl-C in the middle, and the same command again (skipped without script of util-linux)',
  async () => {
    const gateway = await harness()
    onTestFinished(() => gateway.close())
    const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
    const file = join(folder, 'labs.ndjson')
    writeFileSync(file, Array.from({ length: RECORDS }, (_, i) => JSON.stringify(observation(i))).join('\n'))
    const command = `"$NODE" services/cli/main.ts push observation ${file} --url ${url} --batch-records 10 --no-wait`
    const stored = async () => (await gateway.decoded()).map(({ record }) => record.record_id)

    // Kafka acknowledges the first two batches, and is waited for with the third.
    const held = Promise.withResolvers<void>()
    let batches = 0
    Object.defineProperty(gateway.state, 'acknowledgement', {
      configurable: true,
      get: () => (++batches > 2 ? held.promise : undefined),
    })
    // The key interrupts the shell, too; one that has no trap for it may end without showing what follows, as dash does.
    const terminal = onTerminal(
      `trap : INT; stty -a; echo ---; ${command}; echo "status $?"; echo ---; stty -a`,
      gateway.key,
    )
    await terminal.until(() => batches >= 3)
    terminal.type('\u0003')
    const shown = await terminal.ended()
    const [before, during = '', after] = shown.split('---\r\n')
    expect(after).toBe(before)
    expect(during).toContain(
      `Interrupted. ${file} was sent up to line 20; the same command continues from there, and doubles no record.\r\n`,
    )
    // On a line of its own; neither without a cursor, nor in colours, nor with a stack trace.
    expect(during).toMatch(/doubles no record\.\r\nstatus 130\r\n$/)
    expect(during.replaceAll('\u001b', 'ESC')).not.toMatch(/ESC\[(?:\?25l|\?7l|[\d;]*m)|\n\s+at /)

    held.resolve()
    await expect.poll(() => gateway.written.length).toBe(30)
    const again = onTerminal(`${command}; echo "status $?"`, gateway.key)
    const result = await again.ended()
    expect(result).toMatch(/continues after line 20\r\n.*: 40 accepted, 0 rejected\r\nstatus 0\r\n$/s)
    expect(new Set(await stored()).size).toBe(RECORDS)
    expect(await stored()).toHaveLength(RECORDS)
  },
  60_000,
)
