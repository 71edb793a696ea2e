import { closeSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { logPath, logTail, openLog, rotateIfLarge } from '../../../../deploy/local/log-file.ts'

let logs: string
beforeEach(() => {
  logs = mkdtempSync(join(tmpdir(), 'chainon-case-'))
})
afterEach(() => rmSync(logs, { recursive: true, force: true }))

it('rotates under a writer that keeps its file open, and keeps both files private', () => {
  const fd = openLog(logs, 'kafka')
  writeSync(fd, 'before\n')
  rotateIfLarge(logs, 'kafka', 5)
  writeSync(fd, 'after\n')
  closeSync(fd)
  expect(readFileSync(logPath(logs, 'kafka'), 'utf8')).toBe('after\n')
  expect(readFileSync(`${logPath(logs, 'kafka')}.1`, 'utf8')).toBe('before\n')
  for (const file of [logPath(logs, 'kafka'), `${logPath(logs, 'kafka')}.1`])
    expect(statSync(file).mode & 0o777).toBe(0o600)
})

it('shows the message of a JSON line, and other lines as they are', () => {
  const fd = openLog(logs, 'gateway')
  writeSync(fd, '{"level":"fatal","event":"failed","msg":"the feed has no privacy"}\nplain\n')
  closeSync(fd)
  expect(logTail(logs, 'gateway')).toEqual(['fatal the feed has no privacy', 'plain'])
  expect(logTail(logs, 'absent')).toEqual([])
})
