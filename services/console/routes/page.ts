/** The page's files: few, so they are read once and served from memory; nothing else of the disk can be asked for. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'

export interface Asset {
  readonly path: string
  readonly type: string
  readonly body: Buffer
  readonly etag: string
}

export interface Page {
  readonly assets: readonly Asset[]
  /** Changes with any of the files: a page that was loaded from an earlier one loads itself anew. */
  readonly version: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Served from the package itself, so that the page needs no network but the console's. */
const VENDOR = [
  ['/vendor/uplot.js', 'uplot/dist/uPlot.esm.js'],
  ['/vendor/uplot.css', 'uplot/dist/uPlot.min.css'],
] as const

export function loadPage(): Page {
  const web = join(import.meta.dirname, '..', 'web')
  const own = readdirSync(web, { recursive: true, encoding: 'utf8' })
    .filter((file) => extname(file) in TYPES)
    .toSorted()
    .map((file) => asset(file === 'index.html' ? '/' : `/${file.replaceAll('\\', '/')}`, join(web, file)))
  const vendor = VENDOR.map(([path, module]) => asset(path, fileURLToPath(import.meta.resolve(module))))
  const assets = [...own, ...vendor]
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

function asset(path: string, file: string): Asset {
  const body = readFileSync(file)
  return { path, type: TYPES[extname(file)] ?? 'application/octet-stream', body, etag: `"${digest(body)}"` }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
