/** A snapshot in a file: each changed, cut, moved or added byte, other keys, and what who has the disk could read. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import type { Command } from '../../../../services/linker/index/commands.ts'
import { readSnapshot, readSnapshotHeader, snapshotWriter } from '../../../../services/linker/snapshot/snapshot-file.ts'
import { digestOf, type Header } from '../../../../services/linker/snapshot/snapshot-form.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-snapshot-'))
afterAll(() => rmSync(folder, { recursive: true }))

const [SEED, INDEX_SECRET] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const header: Header = {
  index: 'main',
  created_at: '2026-01-02T03:04:05.000Z',
  form: { layout: 'l', key: 'k', model: 'm', kinds: 3, hub: 100, format: 3 },
  sealed_for: '0'.repeat(16),
  shares: '1'.repeat(16),
}
const CANARY = 'CANARY-OF-A-FILTER'
const parts: readonly (readonly Command[])[] = [
  [['MSET', '{lx:main}r0001', Buffer.from(CANARY), '{lx:main}r0002', Buffer.alloc(0)]],
  [
    ['HSET', '{lx:main}e001', Buffer.of(0), Buffer.of(1, 2, 3)],
    ['SET', '{lx:main}n', '2'],
  ],
]
const trailer = { records: 2, persons: digestOf(Int32Array.of(0, 0)), positions: { 'linkage.patient:0': '17' } }
const path = join(folder, 'whole.snapshot')
let whole: Buffer

beforeAll(async () => {
  const publicKey = await publicKeyOf(SEED)
  const file = await snapshotWriter(path, header, { publicKey, indexSecret: INDEX_SECRET })
  for (const part of parts) await file.add(part)
  expect(await file.finish(trailer)).toBe(readFileSync(path).length)
  whole = readFileSync(path)
})

const reading = async (bytes: Buffer, seed = SEED, indexSecret = INDEX_SECRET) => {
  const one = join(folder, 'one.snapshot')
  writeFileSync(one, bytes)
  const words: string[][] = []
  const read = await readSnapshot(one, { seed, indexSecret }, async (commands) => {
    for (const command of commands) words.push(command.map((word) => word.toString('latin1')))
  })
  return { ...read, words }
}

test('what was written is read, in its order, with the header and the counts', async () => {
  const words = parts.flat().map((command) => command.map((word) => Buffer.from(word as Buffer).toString('latin1')))
  expect(await reading(whole)).toEqual({ header, trailer: { ...trailer, commands: 3 }, words })
  expect(await readSnapshotHeader(path)).toEqual(header)
})

test('nothing of the index is in it in clear, and two snapshots of one index share no frame', async () => {
  for (const text of [CANARY, '{lx:main}r', 'linkage.patient', trailer.persons])
    for (const form of [Buffer.from(text), Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64')])
      expect(whole.includes(form)).toBe(false)
  const publicKey = await publicKeyOf(SEED)
  const second = join(folder, 'second.snapshot')
  const file = await snapshotWriter(second, header, { publicKey, indexSecret: INDEX_SECRET })
  for (const part of parts) await file.add(part)
  await file.finish(trailer)
  expect(readFileSync(second).subarray(-48)).not.toEqual(whole.subarray(-48))
})

test('changed bits, cuts, and what is added are refused, without a value', async () => {
  for (let at = 0; at < whole.length; at += 13) {
    const changed = Buffer.from(whole)
    changed[at] = (changed[at] as number) ^ (1 << (at % 8))
    await expect(reading(changed), `byte ${at}`).rejects.toThrow('The snapshot is not restored')
    await expect(reading(whole.subarray(0, at)), `cut at ${at}`).rejects.toThrow('The snapshot is not restored')
  }
  await expect(reading(Buffer.concat([whole, Buffer.of(0)]))).rejects.toThrow('more after its end')
})

test('frames cannot be left out, exchanged or taken from another snapshot', async () => {
  const starts: number[] = []
  const length = whole.readUInt32BE('chainon linkage snapshot 1\n'.length)
  for (let at = 'chainon linkage snapshot 1\n'.length + 4 + length + 80; at < whole.length; ) {
    starts.push(at)
    at += 4 + whole.readUInt32BE(at)
  }
  const [a = 0, b = 0, end = 0] = starts
  expect(starts).toHaveLength(3)
  const [before, first, second, last] = [
    whole.subarray(0, a),
    whole.subarray(a, b),
    whole.subarray(b, end),
    whole.subarray(end),
  ]
  for (const order of [
    [second, first, last],
    [first, last],
    [second, last],
    [last],
    [first, second],
    [first, first, last],
  ])
    await expect(reading(Buffer.concat([before, ...order]))).rejects.toThrow('The snapshot is not restored')
})

test('it opens for the shares and the key of the index together, and for neither alone', async () => {
  await expect(reading(whole, Buffer.alloc(32, 3))).rejects.toThrow('not sealed for the key of these shares')
  await expect(reading(whole, SEED, Buffer.alloc(32, 3))).rejects.toThrow('another linkage-index.key')
})

test('one that somebody made who has the public key alone is refused', async () => {
  const forged = join(folder, 'forged.snapshot')
  const publicKey = await publicKeyOf(SEED)
  const file = await snapshotWriter(forged, header, { publicKey, indexSecret: Buffer.alloc(32, 9) })
  await file.finish(trailer)
  await expect(reading(readFileSync(forged))).rejects.toThrow('is forged')
})

test('until it is whole it has another name, and one that is given up leaves nothing', async () => {
  const given = join(folder, 'given-up.snapshot')
  const file = await snapshotWriter(given, header, { publicKey: await publicKeyOf(SEED), indexSecret: INDEX_SECRET })
  await file.add(parts[0] ?? [])
  await expect(readSnapshotHeader(given)).rejects.toThrow('ENOENT')
  await expect(reading(readFileSync(`${given}.part`))).rejects.toThrow('is cut')
  await file.abandon()
  for (const name of [given, `${given}.part`]) await expect(readSnapshotHeader(name)).rejects.toThrow('ENOENT')
})
