/** The files of an export, from a manifest at an address, a manifest in a file, or a folder of NDJSON files: each is a source of `push`. */
import { readdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { CUT_SHORT, inputOf, unreadable } from '../push/input.ts'
import { ndjsonLines } from '../push/json-files.ts'
import type { SourceRecord } from '../push/source-record.ts'
import { type ExportFile, MAX_MANIFEST_BYTES, type Manifest, readManifest } from './manifest.ts'
import { checkAddress, openRemote, type RemoteRules, shown } from './remote.ts'

/** Of a file: its lines, and how it is called in reports. */
export interface BulkFile {
  readonly type: string
  readonly name: string
  /** What the position in it belongs to. */
  readonly identity: string
  /** @throws ChainonError dependency-unavailable when it may succeed later */
  lines(): AsyncGenerator<SourceRecord>
}

export interface Export {
  /** Undefined for a folder. */
  readonly transactionTime: string | undefined
  /** Of the server, where the manifest says it by its address. */
  readonly base: string | undefined
  readonly output: readonly BulkFile[]
  readonly deleted: readonly BulkFile[]
  readonly error: readonly BulkFile[]
}

export interface ExportOptions {
  readonly allowHosts: readonly string[]
  readonly token: string | undefined
  readonly timeoutMs: number
}

/** No resource is longer; a line without an end must not fill the memory. */
const MAX_LINE_BYTES = 64 * 1024 * 1024
const NEWLINE = 0x0a

/**
 * @param from an http or https address, a file, or a folder
 * @throws ConfigurationError when it is no export, or an address in it may not be asked: before anything is sent
 */
export async function openExport(from: string, options: ExportOptions): Promise<Export> {
  if (/^https?:\/\//i.test(from)) return await remoteExport(from, options)
  const stat = statSync(from, { throwIfNoEntry: false })
  if (!stat) throw unreadable(from, 'there is no such file')
  if (stat.isDirectory()) return folderExport(from)
  const bytes = await readFile(from).catch((error: unknown) => {
    throw unreadable(from, errorCode(error))
  })
  return exportOf(readManifest(bytes, from), pathToFileURL(from), options)
}

async function remoteExport(from: string, options: ExportOptions): Promise<Export> {
  const url = URL.parse(from)
  if (!url) throw new ConfigurationError('The manifest cannot be read', ['it is no address'])
  const rules = rulesOf(url, options)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of (await openRemote(url, rules)) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_MANIFEST_BYTES)
      throw new ConfigurationError('The manifest cannot be used', [
        `${shown(url)}: it is larger than ${MAX_MANIFEST_BYTES / 2 ** 20} MiB`,
      ])
    chunks.push(chunk)
  }
  return exportOf(readManifest(Buffer.concat(chunks), shown(url)), url, options)
}

/** The token is for the manifest's own host, and for its files only where it says so. */
function exportOf(manifest: Manifest, at: URL, options: ExportOptions): Export {
  const { requiresAccessToken, transactionTime } = manifest
  if (requiresAccessToken && options.token === undefined)
    throw new ConfigurationError('The export is not read', ['its files require an access token: --token-file FILE'])
  const { token, ...rules } = rulesOf(at, options)
  const used: RemoteRules = requiresAccessToken && token !== undefined ? { ...rules, token } : rules
  const files = (list: readonly ExportFile[]): readonly BulkFile[] =>
    list.map(({ type, url: written }, index) => {
      const url = URL.parse(written, at)
      // A manifest in a file names addresses: a file of this machine is named by its user alone.
      if (!url || url.protocol === 'file:')
        throw new ConfigurationError('A file of the export is not read', [
          `${type}[${index}]: its url is no http or https address`,
        ])
      checkAddress(url, used)
      return {
        type,
        name: shown(url),
        identity: [transactionTime, url.href].join('\u0001'),
        lines: () => linesOf(() => openRemote(url, used), shown(url)),
      }
    })
  const base = at.protocol === 'file:' ? undefined : /^(.*?)\/(?:\$|[^/]*$)/.exec(shown(at))?.[1]
  return {
    transactionTime,
    base,
    output: files(manifest.output),
    deleted: files(manifest.deleted),
    error: files(manifest.error),
  }
}

function rulesOf(at: URL, { allowHosts, timeoutMs, token }: ExportOptions): RemoteRules {
  const own = at.protocol === 'file:' ? [] : [at.host]
  const [first] = [...own, ...allowHosts]
  return {
    hosts: new Set([...own, ...allowHosts]),
    timeoutMs,
    ...(token === undefined || first === undefined ? {} : { token, tokenHost: first }),
  }
}

/** The type of a file of a folder is that of its first resource; its name says it by convention: `Patient.ndjson`, `1.Patient.000.ndjson.gz`. */
function folderExport(folder: string): Export {
  const names = readdirSync(folder)
    .filter((name) => /\.ndjson(?:\.gz|\.zst)?$/.test(name))
    .toSorted()
  if (names.length === 0) throw unreadable(folder, 'the folder has no .ndjson file')
  const output = names.map((name) => localFile(join(folder, name)))
  return { transactionTime: undefined, base: undefined, output, deleted: [], error: [] }
}

/** @param path of a file of NDJSON, also .gz or .zst */
export function localFile(path: string): BulkFile {
  const { modified, open, size } = inputOf(path)
  const type =
    basename(path)
      .split('.')
      .find((part) => /^[A-Z][A-Za-z]+$/.test(part)) ?? ''
  return {
    type,
    name: path,
    identity: [path, size, modified].join('\u0001'),
    lines: () => linesOf(async () => open(), path),
  }
}

async function* linesOf(open: () => Promise<Readable>, name: string): AsyncGenerator<SourceRecord> {
  const stream = await open()
  try {
    yield* ndjsonLines(bounded(stream, name))
  } catch (error) {
    throw error instanceof ChainonError
      ? error
      : new ChainonError('dependency-unavailable', `${name} cannot be read whole: ${CUT_SHORT}.`)
  }
}

async function* bounded(stream: Readable, name: string): AsyncGenerator<Buffer> {
  let open = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const last = chunk.lastIndexOf(NEWLINE)
    open = last === -1 ? open + chunk.length : chunk.length - last - 1
    if (open > MAX_LINE_BYTES)
      throw new ConfigurationError('A file of the export is not read', [
        `${name}: a line is longer than ${MAX_LINE_BYTES / 2 ** 20} MiB`,
      ])
    yield chunk
  }
}
