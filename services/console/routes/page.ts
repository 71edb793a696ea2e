/**
 * The page's files. They are few: they are read once and served from memory, and no other file can be requested. Its TypeScript
 * is served as JavaScript without a build: Node removes the types; lines and columns stay the same.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'

interface Asset {
  readonly path: string
  readonly type: string
  readonly body: Buffer
  readonly etag: string
}

export interface Page {
  readonly assets: readonly Asset[]
  /** Changes with any of the files: a page that was loaded from other files reloads itself. */
  readonly version: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** Modules that the page imports by name, served from their packages: the page connects to the console only. */
const MODULES: ReadonlyMap<string, { readonly path: string; readonly file: string }> = new Map([
  ['preact', { path: '/vendor/preact.js', file: 'preact' }],
  ['htm', { path: '/vendor/htm.js', file: 'htm' }],
  ['htm/preact', { path: '/vendor/htm-preact.js', file: 'htm/preact' }],
  // Its package names only a CommonJS file, which a browser cannot load.
  ['uplot', { path: '/vendor/uplot.js', file: 'uplot/dist/uPlot.esm.js' }],
])
const UPLOT_CSS = { path: '/vendor/uplot.css', file: 'uplot/dist/uPlot.min.css' }

/** @throws Error when a file imports a module that the page does not serve */
export function loadPage(): Page {
  const web = join(import.meta.dirname, '..', 'web')
  const own = readdirSync(web, { recursive: true, encoding: 'utf8' })
    .filter((file) => ['.html', '.css', '.ts'].includes(extname(file)))
    .toSorted()
    .map((file) => ownAsset(file.replaceAll('\\', '/'), readFileSync(join(web, file), 'utf8')))
  const vendor = [...MODULES.values()].map(({ path, file }) => asset(path, browserModule(path, ofPackage(file))))
  const assets = [...own, ...vendor, asset(UPLOT_CSS.path, ofPackage(UPLOT_CSS.file))]
  return { assets, version: digest(Buffer.concat(assets.map(({ body }) => body))) }
}

export function registerPage(app: FastifyInstance, { assets }: Page): void {
  for (const { path, type, body, etag } of assets) {
    app.get(path, { schema: { hide: true } }, (request, reply) => {
      reply.header('cache-control', 'no-cache').header('etag', etag).type(type)
      return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(body)
    })
  }
}

function ofPackage(file: string): string {
  return readFileSync(fileURLToPath(import.meta.resolve(file)), 'utf8')
}

function ownAsset(file: string, text: string): Asset {
  if (file === 'index.html') return asset('/', text)
  if (file.endsWith('.html')) return asset(`/${file.slice(0, -'.html'.length)}`, text, '.html')
  if (!file.endsWith('.ts')) return asset(`/${file}`, text)
  return asset(`/${asJavaScript(file)}`, browserModule(file, withoutTypes(text)))
}

/** Node 24 marks the function as experimental. Its warning is suppressed, because it would be a line of the log that is not JSON. */
function withoutTypes(source: string): string {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** `import`, `import ... from` and `export ... from`, up to the string. */
const IMPORT = /\b((?:import|export)\b(?:[\w\s{},*$]*\bfrom)?\s*)(["'])([^"'\n]+)\2/g

/** @returns the module with addresses in place of package names, because a browser does not resolve package names */
function browserModule(name: string, code: string): string {
  return code.replace(IMPORT, (_all, keyword: string, quote: string, specifier: string) => {
    const address = specifier.startsWith('.') ? asJavaScript(specifier) : MODULES.get(specifier)?.path
    if (address === undefined) throw new Error(`${name} imports ${specifier}, which the page does not serve`)
    return `${keyword}${quote}${address}${quote}`
  })
}

function asJavaScript(file: string): string {
  return file.replace(/\.ts$/, '.js')
}

function asset(path: string, text: string, kind = path === '/' ? '.html' : extname(path)): Asset {
  const body = Buffer.from(text)
  const type = TYPES[kind] ?? 'application/octet-stream'
  return { path, type, body, etag: `"${digest(body)}"` }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
