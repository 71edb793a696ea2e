import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { identityOf, isAlive } from '#core/process/identity.ts'
import { lockHolder, tryLock, waitForLock, waitForLockSync } from '#core/process/lock.ts'
import { usageOf } from '#core/process/usage.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-lock-'))
const file = join(folder, 'lock')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the lock', () => {
  it('names its running holder, is readable by its user alone, and leaves no file', () => {
    const lock = tryLock(file, 'first')
    if (!('release' in lock)) throw new Error('the lock is free')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(lockHolder(file)).toMatchObject({ pid: process.pid, purpose: 'first' })
    expect(tryLock(file, 'second')).toMatchObject({ heldBy: { pid: process.pid, purpose: 'first' } })
    lock.release()
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['a process that has ended', JSON.stringify({ pid: 999_999_999, identity: 'x', purpose: 'old' })],
    ['another process with the same pid', JSON.stringify({ pid: process.pid, identity: 'x', purpose: 'old' })],
    ['a damaged file', '{'],
    ['an empty file', ''],
  ])('is replaced after %s', (_holder, text) => {
    writeFileSync(file, text)
    const lock = tryLock(file, 'new')
    expect('release' in lock).toBe(true)
    if ('release' in lock) lock.release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('can be waited for with and without a limit', async () => {
    const lock = tryLock(file, 'held')
    const started = Date.now()
    expect(waitForLockSync(file, 'late', 60)).toMatchObject({ heldBy: { purpose: 'held' } })
    expect(Date.now() - started).toBeGreaterThanOrEqual(60)
    const holders: string[] = []
    const waited = waitForLock(file, 'patient', ({ purpose }) => holders.push(purpose))
    if ('release' in lock) lock.release()
    ;(await waited).release()
    expect(holders).toEqual(['held'])
  })
})

describe('a process', () => {
  it('is recognised by its identity, and its memory and processor time are read', () => {
    const identity = identityOf(process.pid)
    expect(isAlive(process.pid, identity)).toBe(true)
    expect(isAlive(process.pid, `${identity}x`)).toBe(false)
    expect(identityOf(999_999_999)).toBeNull()
    expect(usageOf(999_999_999)).toBeUndefined()
    if (process.platform !== 'linux') return
    expect(usageOf(process.pid)?.rss).toBeGreaterThan(1024 ** 2)
    expect(usageOf(process.pid)?.cpu).toBeGreaterThan(0)
  })
})
