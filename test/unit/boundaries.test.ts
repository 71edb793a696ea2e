/**
 * The boundaries of deploy/lint/boundaries.js and the circles of .oxlintrc.json, tried and not believed: a violation of each kind is
 * planted into a tree of its own, and the very linter with the very configuration of the project must find it.
 */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const OXLINT = join(ROOT, 'node_modules/.bin/oxlint')
const COPIED = ['.oxlintrc.json', 'deploy/lint/boundaries.js', 'package.json', 'tsconfig.json']

/** What there is to import in the planted tree. */
const THERE: Readonly<Record<string, string>> = {
  'services/core/pipeline/zones.ts':
    'export const mintIdentified = 1\nexport const mintPseudonymised = 2\nexport const open = 3\n',
  'services/core/other.ts': 'export const other = 1\n',
  'services/gateway/app.ts': 'export const app = 1\nexport type App = typeof app\n',
  'services/curate/app.ts': 'export const app = 1\n',
  'deploy/local/stack.ts': 'export const stack = 1\n',
  'loadtest/report.ts': 'export const report = 1\n',
  'test/helpers/x.ts': 'export const x = 1\n',
}

const MUST_NOT_IMPORT = /must not import (services\/|deploy|loadtest|test)/
const ENVIRONMENT = /must not read the environment/
const ZONES = '#core/pipeline/zones.ts'

/** A module that imports a name and uses it. */
const use = (name: string, from: string) => `import { ${name} } from '${from}'\nconsole.log(${name})\n`
const useGateway = use('app', '../gateway/app.ts')
const useStack = use('stack', '../../deploy/local/stack.ts')

type Violation = readonly [kind: string, file: string, text: string, finding: RegExp]

const IMPORTS: readonly Violation[] = [
  ['core imports a service', 'services/core/a.ts', useGateway, MUST_NOT_IMPORT],
  ['core imports deploy', 'services/core/b.ts', useStack, MUST_NOT_IMPORT],
  ['core imports the load test', 'services/core/c.ts', "export * from '../../loadtest/report.ts'\n", MUST_NOT_IMPORT],
  ['a service imports a service', 'services/curate/a.ts', useGateway, MUST_NOT_IMPORT],
  ['a service imports deploy', 'services/console/a.ts', useStack, MUST_NOT_IMPORT],
  ['a service imports a test', 'services/console/b.ts', use('x', '../../test/helpers/x.ts'), MUST_NOT_IMPORT],
  ['the command line imports a service', 'services/cli/a.ts', useGateway, MUST_NOT_IMPORT],
  ['provision imports a service', 'services/provision/a.ts', useGateway, MUST_NOT_IMPORT],
  ['synthetic imports a service', 'services/synthetic/a.ts', useGateway, MUST_NOT_IMPORT],
  ['extract imports a service', 'services/extract/a.ts', useGateway, MUST_NOT_IMPORT],
  ['a new service imports a service', 'services/newest/a.ts', useGateway, MUST_NOT_IMPORT],
  ['deploy imports a service', 'deploy/local/a.ts', use('app', '../../services/gateway/app.ts'), MUST_NOT_IMPORT],
  ['deploy imports the load test', 'deploy/local/b.mjs', use('report', '../../loadtest/report.ts'), MUST_NOT_IMPORT],
  ['the load test imports a service', 'loadtest/a.ts', use('app', '../services/gateway/app.ts'), MUST_NOT_IMPORT],
  ['a file outside of every service', 'services/loose.ts', use('app', './gateway/app.ts'), /no line in the table/],
]

/** A service imports a service, in every form that an import has. */
const FORMS: readonly Violation[] = (
  [
    ['a type', "import type { App } from '../gateway/app.ts'\nexport type Mine = App\n"],
    ['a type in place', "export type Mine = import('../gateway/app.ts').App\n"],
    ['a dynamic import', "export const load = () => import('../gateway/app.ts')\n"],
    ['a dynamic import of a template', 'export const load = () => import(`../gateway/app.ts`)\n'],
    ['an address', "export const main = new URL('../gateway/app.ts', import.meta.url)\n"],
    ['an address that is resolved', "export const main = import.meta.resolve('../gateway/app.ts')\n"],
    ['an export', "export { app } from '../gateway/app.ts'\n"],
    ['a way through #core', use('app', '#core/../gateway/app.ts')],
  ] as const
).map(([kind, text], i) => [`${kind} of another service`, `services/curate/form-${i}.ts`, text, MUST_NOT_IMPORT])

const READS: readonly Violation[] = [
  ['the environment in a service', 'services/gateway/b.ts', 'console.log(process.env.HOME)\n', ENVIRONMENT],
  ['the environment in core', 'services/core/d.ts', "console.log(process['env'].HOME)\n", ENVIRONMENT],
  ['the environment in deploy', 'deploy/local/c.ts', 'export const { env } = process\n', ENVIRONMENT],
  ['the environment in the load test', 'loadtest/b.ts', 'console.log(globalThis.process.env)\n', ENVIRONMENT],
  ['the environment, imported', 'services/gateway/d.ts', use('env', 'node:process'), ENVIRONMENT],
  ['the environment of an alias', 'services/gateway/e.ts', 'const p = process\nconsole.log(p.env)\n', ENVIRONMENT],
  [
    'the environment under another name',
    'services/gateway/c.ts',
    "import node from 'node:process'\nconsole.log(node.env)\n",
    ENVIRONMENT,
  ],
  [
    'an import of a computed address',
    'services/curate/f.ts',
    'export const load = (path: string) => import(path)\n',
    /only known at run time/,
  ],
]

const BY_ENCODE = /must not import mintIdentified: only services\/gateway\/encode/
const BY_STEPS = /must not import mintPseudonymised: only services\/deidentify\/steps/

const MINTS: readonly Violation[] = [
  ['an identified value minted elsewhere', 'services/gateway/decode/a.ts', use('mintIdentified', ZONES), BY_ENCODE],
  ['a pseudonymised value minted elsewhere', 'services/curate/j.ts', use('mintPseudonymised', ZONES), BY_STEPS],
  ['one mint in the home of the other', 'services/gateway/encode/a.ts', use('mintPseudonymised', ZONES), BY_STEPS],
  [
    'a mint under another name',
    'services/curate/m.ts',
    `import { mintIdentified as mint } from '${ZONES}'\nconsole.log(mint)\n`,
    BY_ENCODE,
  ],
  [
    'a mint through a namespace',
    'services/curate/k.ts',
    `import * as zones from '${ZONES}'\nconsole.log(zones)\n`,
    BY_ENCODE,
  ],
  [
    'a mint passed on by core',
    'services/core/pipeline/b.ts',
    "export { mintIdentified } from './zones.ts'\n",
    BY_ENCODE,
  ],
  ['a mint passed on with all', 'services/core/pipeline/c.ts', "export * from './zones.ts'\n", BY_STEPS],
  ['a mint loaded later', 'services/curate/l.ts', `export const load = () => import('${ZONES}')\n`, BY_STEPS],
]

const CIRCLES: readonly Violation[] = [
  ['a circle', 'services/extract/b.ts', "import { c } from './c.ts'\nexport const b = 1\nconsole.log(c)\n", /cycle/i],
  [
    'a circle of types',
    'services/synthetic/b.ts',
    "import type { C } from './c.ts'\nexport type B = { c?: C }\n",
    /cycle/i,
  ],
]

const VIOLATIONS = [...IMPORTS, ...FORMS, ...READS, ...MINTS, ...CIRCLES]

const HALVES: Readonly<Record<string, string>> = {
  'services/extract/c.ts': "import { b } from './b.ts'\nexport const c = 2\nconsole.log(b)\n",
  'services/synthetic/c.ts': "import type { B } from './b.ts'\nexport type C = { b?: B }\n",
}

/** What is allowed, so that the rule does not reject all. */
const ALLOWED: Readonly<Record<string, string>> = {
  'services/gateway/main.ts': `${use('other', '#core/other.ts')}${use('app', './app.ts')}console.log(process.env)\n`,
  'services/gateway/encode/mint.ts': use('mintIdentified', ZONES),
  'services/deidentify/steps/mint.ts': use('mintPseudonymised', ZONES),
  'services/curate/open.ts': `${use('open', ZONES)}console.log(process.pid)\n`,
  'services/cli/up.ts': useStack,
  'services/provision/data.ts': "export const folder = new URL('../../schemas/clickhouse', import.meta.url)\n",
  'deploy/local/plan.ts': use('other', '#core/other.ts'),
  'loadtest/main.ts': `${use('stack', '../deploy/local/stack.ts')}console.log(process.env)\n`,
  'test/unit/a.ts': `${use('app', '../../services/gateway/app.ts')}${use('mintIdentified', ZONES)}`,
}

let folder = ''
let found: ReadonlyMap<string, readonly string[]> = new Map()

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'chainon-boundaries-')))
  for (const name of COPIED) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    copyFileSync(join(ROOT, name), join(folder, name))
  }
  const planted = VIOLATIONS.map(([, file, text]): [string, string] => [file, text])
  for (const [file, text] of [...Object.entries({ ...THERE, ...HALVES, ...ALLOWED }), ...planted]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  found = await lint(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a planted violation is rejected', () => {
  it.each(VIOLATIONS)('%s', (_kind, file, _text, finding) => {
    expect(found.get(file)?.join('\n')).toMatch(finding)
  })
})

describe('what is allowed', () => {
  it('is not rejected', () => {
    const innocent = [...Object.keys(THERE), ...Object.keys(ALLOWED)]
    expect(innocent.filter((file) => found.has(file)).map((file) => [file, found.get(file)])).toEqual([])
  })

  it('is all that the project does, without an exception in a comment', async () => {
    expect([...(await lint(ROOT))]).toEqual([])
    const names = ['services', 'deploy', 'loadtest']
    const exceptions = await run('grep', ['-rnE', '(ox|es)lint-disable', '--include=*.*s', ...names], ROOT)
    expect(exceptions).toBe('')
  })
})

/** @returns findings by file, of the boundaries and of circles; other rules are the linter's own business */
async function lint(cwd: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const output = await run(OXLINT, ['--format', 'json'], cwd)
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: readonly { readonly code: string; readonly message: string; readonly filename: string }[]
  }
  const files = new Map<string, string[]>()
  for (const { code, message, filename } of diagnostics) {
    if (!/boundaries|no-cycle/.test(code)) continue
    files.set(filename, [...(files.get(filename) ?? []), message])
  }
  return files
}

/** @returns the standard output, whatever the exit status */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { cwd, maxBuffer: 64 * 1024 ** 2 })).stdout
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== 'number') throw error
    return (error as { stdout: string }).stdout
  }
}
