/** docs/security/secrets.md: every secret that the code names is in its tables, and every file of its tables is in the code. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { KEYS } from '#core/config/keys.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const PAGE = readFileSync(join(ROOT, 'docs/security/secrets.md'), 'utf8')
const COLUMNS = 7
/** Pass on the name that another call gives. */
const WRAPPERS = [
  'services/core/custody/registered-secret.ts',
  'services/core/custody/backup.ts',
  'services/core/custody/published-key.ts',
  'services/core/custody/sealed-folders.ts',
  'services/core/custody/wrap-keys.ts',
  'services/core/custody/encoding-versions.ts',
  'services/linker/index/index-secret.ts',
  'services/linker/rotate/steps.ts',
  'services/core/linkage/shared-secret.ts',
  'services/deidentify/app.ts',
  'services/curate/second-level.ts',
  'services/curate/rotate/main.ts',
]
/** An ending alone, to compare with. */
const ENDING = /^\.\w+$/

interface Source {
  readonly path: string
  readonly text: string
}

const sources: readonly Source[] = ['services', 'deploy'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.m?ts$|\.mjs$/.test(file))
    .map((file) => join(ROOT, folder, file))
    .map((file) => ({ path: relative(ROOT, file), text: readFileSync(file, 'utf8') })),
)

/** @returns the last part of a path; what the code or the page fills in is `*` */
function nameOf(written: string): string {
  const path = written.replaceAll(/\$\{[^}]*\}|<[^>]*>/g, '*')
  return path.slice(path.lastIndexOf('/') + 1)
}

const withoutComments = (text: string): string => text.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/^\s*\/\/.*$/gm, '')

/** @returns names of the files that a source keeps secrets in, or trusts, in whatever way it names them */
function secretsOf({ path, text: whole }: Source): readonly string[] {
  const text = withoutComments(whole)
  const constants = new Map(
    [...text.matchAll(/const (\w+) = '([^']+)'/g)].map(([, name = '', value = '']) => [name, value]),
  )
  const resolve = (argument: string): string | undefined => {
    const literal = /^['`](.*)['`]$/.exec(argument.trim())?.[1]
    return literal ?? constants.get(argument.trim())
  }
  const byForm = [...text.matchAll(/['`]([^'`\s]*\.(?:key|pem|pub|seed|password|p12|pfx|jks))['`]/g)].map(
    ([, one = '']) => one,
  )
  const inFolder = [...text.matchAll(/\bjoin\((?:secrets\w*|secretsDir\([^)]*\)), ([^(),]+)\)/g)].map(
    ([, argument = '']) => resolve(argument) ?? `${path}: ${argument}`,
  )
  const made = [...text.matchAll(/\b(?:loadOrCreateSecret|registeredSecret)\(\s*(?:\w+|\w+\([^()]*\)),\s*([^,)]+)/g)]
    .filter(([, argument = '']) => !/^\w+: /.test(argument) && !WRAPPERS.includes(path))
    .map(([, argument = '']) => resolve(argument) ?? `${path}: ${argument}`)
  const listener = [...text.matchAll(/\b(\w*key_file): Type\./g)].map(([, one = '']) => one)
  return [...byForm, ...inFolder, ...made, ...listener]
    .map(nameOf)
    .filter((name) => !ENDING.test(name) && name !== 'sealing')
}

const ofSealing = sources
  .filter(({ path }) => path.startsWith('services/core/sealing/'))
  .flatMap(({ text }) =>
    [...withoutComments(text).matchAll(/join\(folder, ['`]([^'`]+)['`]\)/g)].map(([, one = '']) => nameOf(one)),
  )
  .filter((name) => name !== 'lock')
const ofSettings = Object.entries(KEYS)
  .filter(([name, spec]) => 'secret' in spec || /_KEY_FILE$|PASSWORD/.test(name))
  .map(([name]) => name)
const inCode = new Set([...sources.flatMap(secretsOf), ...ofSealing, ...ofSettings])

const rows = PAGE.split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:secret|---)/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
const inPage = new Set(
  rows.flatMap(([cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => nameOf(name))),
)

it('has a row for every secret of the code', () => {
  expect([...inCode].filter((name) => !inPage.has(name)).toSorted()).toEqual([])
  expect(inCode.size).toBeGreaterThan(20)
})

it('has no file that the code does not name', () => {
  const everything = sources.map(({ text }) => text).join('\n')
  const stale = [...inPage].filter((name) => !inCode.has(name) && !everything.includes(name.replaceAll('*', '')))
  expect(stale).toEqual([])
})

it('says of each who holds it, what it opens, and what to do when it changes or is lost', () => {
  for (const row of rows) {
    expect(row.length, row[0]).toBe(COLUMNS)
    for (const cell of row) expect(cell, row[0]).not.toBe('')
  }
})

describe('a new secret is found', () => {
  const found = (text: string) => secretsOf({ path: 'services/new/main.ts', text })
  it.each([
    ["loadOrCreateSecret(dir, 'level4.key')", 'level4.key'],
    ["const FILE = 'salt'\nloadOrCreateSecret(folder, FILE)", 'salt'],
    ['loadOrCreateSecret(dir, chosen)', 'main.ts: chosen'],
    ["registeredSecret(secretsDir('new', config), 'new/master', register)", 'master'],
    ["readFileSync(join(secrets, 'token.txt'))", 'token.txt'],
    ['writeFileSync(`${folder}/${name}.pem`, key)', '*.pem'],
    ['const File = { tls_key_file: Type.String() }', 'tls_key_file'],
  ])('%s', (text, name) => expect(found(text)).toContain(name))
  it('but not what only ends in the same way', () => {
    expect(found("// 'old.key' was here\nconst { key } = pair.key")).toEqual([])
  })
})
