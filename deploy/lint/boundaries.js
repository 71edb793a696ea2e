/**
 * A rule of oxlint (`chainon/boundaries`, .oxlintrc.json): which folder may import which, who may read the environment, who may
 * label a value with a zone. The table is first; `test/unit/boundaries.test.ts` plants a violation of each kind and checks that it
 * is rejected.
 *
 * JavaScript, because oxlint loads it under any Node from 20 on. oxlint calls its JavaScript plugins alpha: if an upgrade changes
 * them, that test fails.
 */
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, posix, relative, resolve, sep } from 'node:path'

/** @typedef {{ folder: string, may: readonly string[] }} Boundary */

const CORE = 'services/core'
const LOCAL = 'deploy/local'

/**
 * What a folder may import beside itself and packages. The first line whose folder contains the file counts; a service without a
 * line has that of `services/*`. Every folder may import data files (schemas/, package.json); tests may import everything.
 * @type {readonly Boundary[]}
 */
const IMPORTS = [
  { folder: CORE, may: [] },
  // The command line starts services as processes.
  { folder: 'services/cli', may: [CORE, LOCAL] },
  { folder: 'services/*', may: [CORE] },
  { folder: LOCAL, may: [CORE] },
  { folder: 'deploy/supply', may: [CORE] },
  { folder: 'deploy/*', may: [] },
  { folder: 'loadtest', may: [CORE, LOCAL] },
]

/** Who may read `process.env`, beside every file named main.ts. */
const ENVIRONMENT = new Set([
  // Starts main.ts, under a Node that cannot run main.ts itself.
  'services/cli/chainon.mjs',
  // Is loaded before the main.ts of each process of the local stack.
  'deploy/local/stop-with-parent.mjs',
])

/** Who may import an address that is only known at run time. */
const COMPUTED_IMPORT = new Set(['services/cli/chainon.mjs'])

/** Functions that label a value with a zone: only one folder may import each. */
const ZONES = 'services/core/pipeline/zones.ts'
const MINTS = new Map([
  ['mintIdentified', 'services/gateway/encode'],
  ['mintPseudonymised', 'services/deidentify/steps'],
])

const FREE = new Set(['test'])
const CODE = new Set(['services', 'deploy', 'loadtest', 'test'])
const ROOT = realpathSync(resolve(import.meta.dirname, '../..'))

/** @returns the path relative to the project's root, with slashes; undefined outside of it */
function inProject(path) {
  const below = relative(ROOT, path)
  return below.startsWith('..') ? undefined : below.split(sep).join('/')
}

const under = (path, folder) => path === folder || path.startsWith(`${folder}/`)

/** @returns the folder of the table that contains the path: `services/gateway`, `loadtest`; undefined without a line */
function placeOf(path) {
  for (const { folder, may } of IMPORTS) {
    const place = folder.endsWith('/*') ? path.split('/').slice(0, 2).join('/') : folder
    if (under(place, folder.replace('/*', '')) && under(path, place) && path !== place) return { place, may }
  }
  return undefined
}

/** @returns what is wrong with an import, or undefined */
function importProblem(from, target) {
  const top = target.split('/')[0]
  if (!target.includes('/') || !CODE.has(top)) return undefined
  const own = placeOf(from)
  if (!own) return `${from} has no line in the table of deploy/lint/boundaries.js`
  if ([own.place, ...own.may].some((folder) => under(target, folder))) return undefined
  return `${own.place} must not import ${placeOf(target)?.place ?? top}: it may import ${own.may.join(', ') || 'nothing'} beside itself`
}

/** @returns the project's path of a specifier; null for a package, a module of Node or an address of the browser */
function targetOf(file, specifier) {
  if (specifier.startsWith('#core/')) return posix.join(CORE, specifier.slice('#core/'.length))
  if (!specifier.startsWith('.')) return null
  return inProject(resolve(dirname(join(ROOT, file)), specifier)) ?? null
}

/** @returns the text of a string or of a template without expressions; undefined when it is only known at run time */
function textOf(node) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0].value.cooked
  return undefined
}

const nameOf = (node) => (node?.type === 'Identifier' ? node.name : textOf(node))
const isProcess = (node) =>
  (node?.type === 'Identifier' && node.name === 'process') ||
  (node?.type === 'MemberExpression' && nameOf(node.property) === 'process')
const isImportMeta = (node) => node?.type === 'MetaProperty' && node.meta.name === 'import'

function create(context) {
  // An editor lints files that are not saved yet.
  const path = existsSync(context.filename) ? realpathSync(context.filename) : context.filename
  const file = inProject(path)
  if (file === undefined || !CODE.has(file.split('/')[0]) || FREE.has(file.split('/')[0])) return {}
  const report = (node, message) => context.report({ node, message })

  /** @param names imported names; undefined when all are */
  function checkImport(node, specifier, names) {
    const target = targetOf(file, specifier)
    if (target === null) return
    const problem = importProblem(file, target)
    if (problem) report(node, problem)
    if (target !== ZONES || file === ZONES) return
    for (const [mint, home] of MINTS) {
      if ((names === undefined || names.includes(mint)) && !under(file, home))
        report(node, `${file} must not import ${mint}: only ${home} may label a value with this zone`)
    }
  }

  function checkProcessImport(node) {
    if (!/^(node:)?process$/.test(node.source.value) || mayReadEnvironment) return
    for (const one of node.specifiers) {
      const imported = one.type === 'ImportSpecifier' ? nameOf(one.imported) : 'process'
      if (imported === 'env' || (one.local.name !== 'process' && (imported === 'process' || imported === 'default')))
        report(node, ENVIRONMENT_PROBLEM)
    }
  }

  const mayReadEnvironment = basename(file) === 'main.ts' || ENVIRONMENT.has(file)
  const ENVIRONMENT_PROBLEM = `${file} must not read the environment: main.ts reads it and passes it on`

  return {
    ImportDeclaration(node) {
      const named = node.specifiers
        .filter(({ type }) => type === 'ImportSpecifier')
        .map(({ imported }) => nameOf(imported))
      checkImport(node, node.source.value, named.length === node.specifiers.length ? named : undefined)
      checkProcessImport(node)
    },
    ExportNamedDeclaration(node) {
      if (node.source)
        checkImport(
          node,
          node.source.value,
          node.specifiers.map(({ local }) => nameOf(local)),
        )
    },
    ExportAllDeclaration: (node) => checkImport(node, node.source.value, undefined),
    TSImportType: (node) => checkImport(node, textOf(node.source) ?? '', []),
    ImportExpression(node) {
      const specifier = textOf(node.source)
      if (specifier !== undefined) checkImport(node, specifier, undefined)
      else if (!COMPUTED_IMPORT.has(file))
        report(node, `${file} must not import an address that is only known at run time`)
    },
    NewExpression(node) {
      const [address, base] = node.arguments
      if (nameOf(node.callee) !== 'URL' || base?.type !== 'MemberExpression' || !isImportMeta(base.object)) return
      const specifier = textOf(address)
      // An address that does not begin with a dot is relative too.
      if (specifier !== undefined) checkImport(node, /^[./]/.test(specifier) ? specifier : `./${specifier}`, [])
    },
    CallExpression(node) {
      const { callee } = node
      const resolves =
        callee.type === 'MemberExpression' && isImportMeta(callee.object) && nameOf(callee.property) === 'resolve'
      if (!resolves && nameOf(callee) !== 'require') return
      const specifier = textOf(node.arguments[0])
      if (specifier !== undefined) checkImport(node, specifier, undefined)
    },
    MemberExpression(node) {
      if (nameOf(node.property) === 'env' && isProcess(node.object) && !mayReadEnvironment)
        report(node, ENVIRONMENT_PROBLEM)
    },
    VariableDeclarator(node) {
      if (!isProcess(node.init) || mayReadEnvironment) return
      const picks = node.id.type === 'ObjectPattern' ? node.id.properties : undefined
      if (!picks || picks.some((one) => one.type === 'RestElement' || nameOf(one.key) === 'env'))
        report(node, ENVIRONMENT_PROBLEM)
    },
  }
}

export default { meta: { name: 'chainon' }, rules: { boundaries: { create } } }
