/** The state of a writer: a real folder, real processes that are killed, and Kafka as a list of lines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashOf, readEntry } from '#core/journal/entry.ts'
import { openSpool } from '#core/journal/spool.ts'
import { verifyJournal } from '#core/journal/verify.ts'
import { AT, gateway, placed, revocation, trusted } from './chain.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const writers = trusted(gateway)
const append = (event = revocation(), maxBytes?: number) => openSpool(folder, maxBytes).append(gateway, event, AT)
const headOf = (line = '') => ({ sequence: readEntry(line)?.sequence ?? 0, hash: hashOf(line) })

test('entries are a chain, over processes and over what was sent', () => {
  append()
  append()
  const spool = openSpool(folder)
  const [one = '', two = ''] = spool.unsent()
  spool.acknowledge(headOf(two))
  expect(spool.unsent()).toEqual([])
  append()
  const lines = [one, two, ...openSpool(folder).unsent()]
  expect(verifyJournal(placed(lines), writers, [])).toMatchObject({ entries: 3, findings: [] })
})

test('nobody else may read the folder', () => {
  append()
  openSpool(folder).acknowledge(headOf(openSpool(folder).unsent()[0]))
  append()
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0)
})

describe('a process that is killed', () => {
  test('while it wrote an entry: the entry was never kept, and the next one takes its number', () => {
    append()
    const [line = ''] = openSpool(folder).unsent()
    appendFileSync(join(folder, 'spool.ndjson'), line.slice(0, 100))
    expect(openSpool(folder).unsent()).toEqual([line])
    append()
    const lines = openSpool(folder).unsent()
    expect(verifyJournal(placed(lines), writers, [])).toMatchObject({ entries: 2, findings: [] })
  })

  test('after Kafka had the entries, before it knew: they are sent again, word for word', () => {
    append()
    append()
    const log = [...openSpool(folder).unsent()]
    append()
    log.push(...openSpool(folder).unsent())
    expect(verifyJournal(placed(log), writers, [])).toMatchObject({ entries: 5, repeated: 2, findings: [] })
  })

  test('between the two files of an acknowledgement: nothing is sent again, and the chain goes on', () => {
    append()
    append()
    const [one = '', two = ''] = openSpool(folder).unsent()
    writeFileSync(join(folder, 'head.json'), JSON.stringify(headOf(two)))
    expect(openSpool(folder).unsent()).toEqual([])
    append()
    const lines = [one, two, ...openSpool(folder).unsent()]
    expect(verifyJournal(placed(lines), writers, [])).toMatchObject({ entries: 3, findings: [] })
  })

  test('while it writes and sends without a pause: no gap, no fork', async () => {
    const program = `
      import { openSpool } from '#core/journal/spool.ts'
      import { gateway, revocation, AT } from './test/unit/core/journal/chain.ts'
      import { readEntry, hashOf } from '#core/journal/entry.ts'
      import { appendFileSync } from 'node:fs'
      const spool = openSpool(process.argv[1])
      for (;;) {
        for (let at = 0; at < 3; at++) spool.append(gateway, revocation(), AT)
        const lines = spool.unsent()
        // The log of Kafka: a message is in it or not, never a part of it.
        appendFileSync(process.argv[2], lines.map((line) => line + '\\n').join(''))
        const last = lines.at(-1)
        spool.acknowledge({ sequence: readEntry(last).sequence, hash: hashOf(last) })
        process.stdout.write('.')
      }`
    const log = join(folder, 'kafka.log')
    const state = join(folder, 'state')
    for (let round = 0; round < 2; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, state, log], { stdio: 'pipe' })
      await once(child.stdout, 'data')
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const lines = [...readFileSync(log, 'utf8').split('\n').filter(Boolean), ...openSpool(state).unsent()]
    expect(lines.length).toBeGreaterThan(0)
    expect(verifyJournal(placed(lines), writers, [[gateway.name, openSpool(state).sent()]]).findings).toEqual([])
  })
})

test('two processes at once write one chain', async () => {
  const program = `
    import { openSpool } from '#core/journal/spool.ts'
    import { gateway, revocation, AT } from './test/unit/core/journal/chain.ts'
    for (let at = 0; at < 8; at++) openSpool(process.argv[1]).append(gateway, revocation(), AT)`
  const children = [1, 2].map(() => spawn(process.execPath, ['--input-type=module', '-e', program, folder]))
  for (const [status] of await Promise.all(children.map((child) => once(child, 'exit')))) expect(status).toBe(0)
  const lines = openSpool(folder).unsent()
  expect(verifyJournal(placed(lines), writers, [])).toMatchObject({ entries: 16, repeated: 0, findings: [] })
})

test('a full spool counts what it does not keep, and the next entry that it keeps says how many', () => {
  expect(append(revocation(), 1)).toMatchObject({ sequence: 1 })
  expect(append(revocation(), 1)).toBeUndefined()
  expect(append(revocation(), 1)).toBeUndefined()
  append()
  const entries = openSpool(folder)
    .unsent()
    .map((line) => readEntry(line))
  expect(entries.map((entry) => [entry?.sequence, entry?.action, entry?.facts])).toEqual([
    [1, 'key-revoke', {}],
    [2, 'lost', { entries: 2 }],
    [3, 'key-revoke', {}],
  ])
})

test('a damaged file stops the chain, instead of giving a number twice', () => {
  append()
  writeFileSync(join(folder, 'spool.ndjson'), 'not an entry\n')
  expect(() => append()).toThrow(/damaged/)
  rmSync(join(folder, 'spool.ndjson'))
  writeFileSync(join(folder, 'head.json'), '{"sequence":')
  expect(() => append()).toThrow(/damaged/)
})
