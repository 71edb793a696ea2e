import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { logStream } from '#core/telemetry/log-stream.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('logStream', () => {
  it('writes each line at once, in order', () => {
    const file = join(folder, 'lines')
    const fd = openSync(file, 'w')
    const stream = logStream(fd)
    stream.write('{"é":1}\n')
    stream.write('2\n')
    expect(readFileSync(file, 'utf8')).toBe('{"é":1}\n2\n')
    closeSync(fd)
  })

  it.skipIf(!existsSync('/dev/full'))('returns on a full disk, also beyond what may wait in memory', () => {
    const fd = openSync('/dev/full', 'w')
    const stream = logStream(fd)
    for (let i = 0; i < 40; i++) stream.write(`${'x'.repeat(64 * 1024)}\n`)
    closeSync(fd)
  })
})
