/** `deploy/DEPENDENCIES.md` and the files that name a version agree with package.json and with what is installed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

interface Manifest {
  readonly version: string
  readonly license?: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  /** One Node for each platform; npm installs that of this one only. */
  readonly optionalDependencies: Readonly<Record<string, string>>
}
const manifest = JSON.parse(read('package.json')) as Manifest
/** Published without a licence field; its LICENSE file is the MIT licence. */
const LICENCE_IN_A_FILE: Readonly<Record<string, string>> = { '@kafkajs/confluent-schema-registry': 'MIT' }

/** @returns `name version licence` of each row of the table under a heading, in the page's order */
function rowsUnder(heading: string): readonly string[] {
  const section = read('deploy/DEPENDENCIES.md').split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (package|---)/.test(line))
    .map((line) => line.split('|').slice(1, 4))
    .map((cells) => cells.map((cell) => cell.trim()).join(' '))
}

function installed(packages: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(packages).map(([name, version]) => {
    const { license } = JSON.parse(read(`node_modules/${name}/package.json`)) as Manifest
    return `${name} ${version} ${license ?? LICENCE_IN_A_FILE[name] ?? 'unknown'}`
  })
}

describe('deploy/DEPENDENCIES.md', () => {
  it('has a row for every package of run time, with its version and licence', () => {
    expect(rowsUnder('npm, at run time')).toEqual(installed(manifest.dependencies))
  })
  it('has a row for every Node', () => {
    const nodes = Object.entries(manifest.optionalDependencies).map(([name, version]) => `${name} ${version} MIT`)
    expect(rowsUnder('npm, one for each platform')).toEqual(nodes)
  })
  it('has a row for every source of the lexicon', () => {
    const code = read('services/deidentify/text/lexicon/build/sources.ts')
    const sources = [...code.matchAll(/from: '(npm|pypi|wheel)',\s+package: '(.+?)(?:@|==)([\d.]+)'/g)].map(
      ([, from, name, version]) =>
        `${from === 'npm' ? 'npm' : 'PyPI'} ${name} ${version} ${name === 'edsnlp' ? 'BSD-3-Clause' : 'MIT'}`,
    )
    expect(sources).toHaveLength(9)
    expect(rowsUnder('Sources of the lexicon, fetched only by `npm run lexicon`')).toEqual(sources)
  })
  it('has a row for every package of development', () => {
    expect(rowsUnder('npm, for development and tests')).toEqual(installed(manifest.devDependencies))
  })
})

describe('versions', () => {
  it('are exact in package.json: a range would let a clean install differ', () => {
    const ranges = Object.entries({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.devDependencies,
    }).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\da-z]+(?:\.\d+)*)?$/.test(version))
    expect(ranges).toEqual([])
  })
  it('of Node is the same in .node-version', () => {
    const platforms = Object.entries(manifest.optionalDependencies)
    const nodes = new Set(platforms.flatMap(([name, version]) => (name.startsWith('node-') ? [version] : [])))
    expect([...nodes]).toEqual([read('.node-version').trim()])
  })
  it('of the project has its section in CHANGELOG.md', () => {
    expect(read('CHANGELOG.md')).toMatch(
      new RegExp(`^## \\[${manifest.version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d{2}-\\d{2}$`, 'm'),
    )
  })
})
