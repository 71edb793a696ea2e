/** Writes and reads the file of a snapshot, a frame at a time. Its bytes: snapshot-form.ts. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Value } from 'typebox/value'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { DATA_KEY_BYTES, unwrapDataKey, wrapDataKey } from '#core/sealing/hpke.ts'
import type { Command } from '../index/commands.ts'
import {
  FIRST_LINE,
  frames,
  Header,
  LENGTH_BYTES,
  lengthOf,
  packCommands,
  Trailer,
  unpackCommands,
  WRAPPED_BYTES,
} from './snapshot-form.ts'

const MOST_HEADER_BYTES = 64 * 1024
/** A frame has the writes of a batch or a piece of the index; one that says more is none. */
const MOST_FRAME_BYTES = 64 * 1024 * 1024

export interface SnapshotWriter {
  add(commands: readonly Command[]): Promise<void>
  /** The file is there under its name when this resolves. @returns its bytes */
  finish(trailer: Omit<Trailer, 'commands'>): Promise<number>
  /** Nothing is left of it. */
  abandon(): Promise<void>
}

/**
 * @param path of the snapshot; until it is whole, it is `<path>.part`
 * @param publicKey 32 bytes @param indexSecret of the index
 */
export async function snapshotWriter(
  path: string,
  header: Header,
  { publicKey, indexSecret }: { readonly publicKey: Buffer; readonly indexSecret: Buffer },
): Promise<SnapshotWriter> {
  const part = `${path}.part`
  const dataKey = randomBytes(DATA_KEY_BYTES)
  const text = Buffer.from(JSON.stringify(header))
  const head = Buffer.concat([FIRST_LINE, lengthOf(text.length), text, await wrapDataKey(publicKey, dataKey)])
  const sealing = frames(dataKey, indexSecret, head)
  dataKey.fill(0)
  const file = await open(part, 'w', 0o600)
  let [commands, bytes] = [0, 0]
  async function write(buffer: Buffer): Promise<void> {
    await file.writeFile(buffer)
    bytes += buffer.length
  }
  async function frame(plain: Buffer, isLast: boolean): Promise<void> {
    const sealed = sealing.seal(plain, isLast)
    await write(Buffer.concat([lengthOf(sealed.length), sealed]))
  }
  await write(head)
  return {
    async add(added) {
      if (added.length === 0) return
      commands += added.length
      await frame(packCommands(added), false)
    },
    async finish(trailer) {
      await frame(Buffer.from(JSON.stringify({ ...trailer, commands })), true)
      await file.sync()
      await file.close()
      await rename(part, path)
      const folder = await open(dirname(path))
      await folder.sync()
      await folder.close()
      return bytes
    },
    async abandon() {
      await file.close().catch(() => undefined)
      await rm(part, { force: true })
    },
  }
}

/** @throws ConfigurationError when it is no snapshot */
export async function readSnapshotHeader(path: string): Promise<Header> {
  const file = await opened(path)
  try {
    return (await headOf(file, path)).header
  } finally {
    await file.close()
  }
}

/**
 * Reads it whole, a frame at a time, each authenticated before it is given.
 *
 * @param seed the secret half that the shares give
 * @param each the commands of a frame
 * @throws ConfigurationError when it is no snapshot, sealed for others, changed, or cut: what was given before is then of no use
 */
export async function readSnapshot(
  path: string,
  { seed, indexSecret }: { readonly seed: Buffer; readonly indexSecret: Buffer },
  each: (commands: readonly (readonly Buffer[])[]) => Promise<void>,
): Promise<{ readonly header: Header; readonly trailer: Trailer }> {
  const file = await opened(path)
  try {
    const { header, head } = await headOf(file, path)
    const dataKey = await unwrapDataKey(seed, head.subarray(-WRAPPED_BYTES))
    if (!dataKey) throw unusable(`${path} is not sealed for the key of these shares, or was changed`)
    const opening = frames(dataKey, indexSecret, head)
    for (let commands = 0; ; ) {
      const length = (await read(file, LENGTH_BYTES))?.readUInt32BE()
      const sealed = length === undefined || length > MOST_FRAME_BYTES ? undefined : await read(file, length)
      if (!sealed) throw unusable(`${path} is cut, or was changed`)
      const frame = opening.open(sealed)
      if (!frame) throw unusable(`${path} was changed, is forged, or is of another linkage-index.key`)
      if (frame.isLast) {
        const trailer: unknown = JSON.parse(frame.plain.toString())
        if (!Value.Check(Trailer, trailer) || trailer.commands !== commands) throw unusable(`${path} is not whole`)
        if ((await file.read(Buffer.alloc(1), 0, 1)).bytesRead > 0) throw unusable(`${path} has more after its end`)
        return { header, trailer }
      }
      const given = unpackCommands(frame.plain)
      commands += given.length
      await each(given)
    }
  } finally {
    await file.close()
  }
}

async function headOf(file: FileHandle, path: string): Promise<{ readonly header: Header; readonly head: Buffer }> {
  const start = await read(file, FIRST_LINE.length + LENGTH_BYTES)
  const length = start?.subarray(0, FIRST_LINE.length).equals(FIRST_LINE)
    ? start.readUInt32BE(FIRST_LINE.length)
    : Number.POSITIVE_INFINITY
  const rest = start && length <= MOST_HEADER_BYTES ? await read(file, length + WRAPPED_BYTES) : undefined
  if (!start || !rest) throw unusable(`${path} is no snapshot of a linkage index`)
  try {
    const header: unknown = JSON.parse(rest.subarray(0, length).toString())
    if (Value.Check(Header, header)) return { header, head: Buffer.concat([start, rest]) }
  } catch {
    // Told as what is not a header.
  }
  throw unusable(`${path} is no snapshot of a linkage index: its header was changed`)
}

/** @returns undefined when the file ends before */
async function read(file: FileHandle, bytes: number): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(bytes)
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await file.read(buffer, at, bytes - at)
    if (bytesRead === 0) return undefined
    at += bytesRead
  }
  return buffer
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw unusable(`${path}: ${errorCode(error)}`)
  }
}

export function unusable(...problems: readonly string[]): ConfigurationError {
  return new ConfigurationError('The snapshot is not restored', problems)
}
