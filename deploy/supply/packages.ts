/** Every package that an installation, a start, a test or `chainon sample` fetches, from the lock file and the lists of pinned files. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPinned } from '#core/supply/pinned.ts'

interface Hash {
  readonly alg: 'SHA-256' | 'SHA-512'
  readonly content: string
  /** Path of the file; none for the archive. */
  readonly file?: string
}

export interface FetchedPackage {
  readonly name: string
  readonly version: string
  /** Package URL (purl). */
  readonly purl: string
  /** SPDX expression; null when the package does not say. */
  readonly licence: string | null
  /** Of the archive (npm), or of each file that is used of it; lower-case hexadecimal. */
  readonly hashes: readonly Hash[]
  /** False: for development and tests alone. */
  readonly atRunTime: boolean
}

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly license?: string
  readonly dev?: boolean
}

/** The lists of pinned files, and whether what they name is run by more than tests. */
const PINNED = [
  ['deploy/local/components/pinned/kafka.json', true],
  ['deploy/local/components/pinned/registry.json', true],
  ['deploy/local/components/pinned/redis.json', true],
  ['deploy/local/components/pinned/zookeeper.json', false],
  ['deploy/local/components/pinned/hapi.json', false],
  ['deploy/local/components/pinned/openbao.json', false],
  ['services/synthetic/sample/pinned.json', false],
] as const

/**
 * @param root of the project
 * @returns one entry for each purl, sorted by it
 */
export function fetchedPackages(root: string): readonly FetchedPackage[] {
  const found = new Map<string, FetchedPackage>()
  for (const entry of [...npmPackages(root), ...pinnedPackages(root)]) {
    const { purl, hashes, atRunTime } = entry
    const known = found.get(purl)
    const all = [...(known?.hashes ?? []), ...hashes]
    const distinct = [...new Map(all.map((hash) => [hash.content, hash])).values()]
    found.set(purl, { ...entry, hashes: distinct, atRunTime: atRunTime || (known?.atRunTime ?? false) })
  }
  return [...found.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1))
}

function npmPackages(root: string): readonly FetchedPackage[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
  return Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .map(([path, { version, integrity, license, dev }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const digest = integrity?.startsWith('sha512-') ? integrity.slice('sha512-'.length) : null
      return {
        name,
        version,
        purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
        licence: license ?? null,
        hashes: digest ? [{ alg: 'SHA-512' as const, content: Buffer.from(digest, 'base64').toString('hex') }] : [],
        atRunTime: dev !== true,
      }
    })
}

function pinnedPackages(root: string): readonly FetchedPackage[] {
  return PINNED.flatMap(([list, atRunTime]) =>
    readPinned(join(root, list)).map(({ package: purl, licence, sha256, file }) => {
      const [, path = '', version = ''] = /^pkg:(?:maven|pypi)\/([^@]+)@(.+)$/.exec(purl) ?? []
      return {
        name: path.replace('/', ':'),
        version,
        purl,
        licence,
        hashes: [{ alg: 'SHA-256' as const, content: sha256, file }],
        atRunTime,
      }
    }),
  )
}
