/** Everything that an installation fetches is pinned by a hash that the project itself holds. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
}
const lock = JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> }
const locked = Object.entries(lock.packages).filter(([path]) => path !== '')

/** Not served by the registry that the lock file was made with; npm accepts any content of them. */
const WITHOUT_INTEGRITY: readonly string[] = [
  'node_modules/@chdb/lib-darwin-arm64',
  'node_modules/@chdb/lib-darwin-x64',
  'node_modules/@chdb/lib-linux-arm64-gnu',
]

describe('package-lock.json', () => {
  it('has a SHA-512 of every package of every platform, but for the listed ones', () => {
    const unpinned = locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    expect(unpinned.map(([path]) => path)).toEqual(WITHOUT_INTEGRITY)
  })
  it('has the Node binaries: no install script fetches one past the lock file', () => {
    const binaries = locked.filter(([path]) => /^node_modules\/node-(linux|win)-/.test(path))
    expect(binaries.length).toBeGreaterThan(0)
    expect(locked.filter(([path]) => path === 'node_modules/node')).toEqual([])
  })
})

describe('Maven', () => {
  it('of the wrapper has its SHA-256', () => {
    expect(read('services/core/java/.mvn/wrapper/maven-wrapper.properties')).toMatch(
      /^distributionSha256Sum=[0-9a-f]{64}$/m,
    )
  })
  it('fetches nothing for which no list of hashes lies beside its pom', () => {
    expect(existsSync(join(ROOT, 'services/synthetic/sample/pinned.json'))).toBe(true)
  })
})
