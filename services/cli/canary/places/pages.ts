/** What services and the registry answer: metrics, alarms, health, pages, schemas, and what a producer may ask of the gateway. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getFromRegistry, type RegistryConfig } from '#core/avro/ask-registry.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import type { PlaceReport, Search } from '../search.ts'

export interface Page {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

/** @returns what each service shows to who operates it */
export function adminPages(urls: readonly string[]): readonly Page[] {
  return urls.flatMap((url) => ['/metrics', '/alarms', '/health'].map((path) => ({ url: `${url}${path}` })))
}

const CONSOLE_PAGES = ['/', '/api/snapshot', '/api/ledger', '/api/session']

/** @param secrets folder of the console's secrets: with the operator's password the pages behind the login are read, without it none */
export async function consolePages(url: string, secrets: string): Promise<readonly Page[]> {
  const file = join(secrets, 'operator.password')
  const headers = existsSync(file) ? await consoleSession(url, readFileSync(file, 'utf8').trim()) : {}
  return [{ url: `${url}/login` }, ...CONSOLE_PAGES.map((path) => ({ url: `${url}${path}`, headers }))]
}

async function consoleSession(url: string, password: string): Promise<Readonly<Record<string, string>>> {
  const body = new URLSearchParams({ user: 'operator', password })
  const answer = await fetch(`${url}/login`, { method: 'POST', body, redirect: 'manual' }).catch(() => undefined)
  const cookie = answer?.headers.get('set-cookie')?.split(';')[0]
  // Without a session the pages themselves answer that nobody is logged in, and are named.
  return cookie === undefined ? {} : { cookie }
}

/** Follows what the gateway tells the producer of records that fail on their way. */
export function followEvents(url: string, key: string): { stop(): Promise<{ bytes: Buffer; why?: string }> } {
  const end = new AbortController()
  const pieces: Uint8Array[] = []
  let why: string | undefined
  const read = async () => {
    const answer = await fetch(`${url}/v1/events`, { headers: { authorization: `Bearer ${key}` }, signal: end.signal })
    if (!answer.ok) why = `status ${answer.status}`
    for await (const piece of answer.body ?? []) pieces.push(piece)
  }
  const reading = read().catch((error: unknown) => {
    if (!end.signal.aborted) why = errorCode(error)
  })
  return {
    async stop() {
      end.abort()
      await reading
      return { bytes: Buffer.concat(pieces), ...(why === undefined ? {} : { why }) }
    },
  }
}

/** @param key of the producer @param receipts of its requests */
export function gatewayPages(url: string, key: string, receipts: readonly string[]): readonly Page[] {
  const headers = { authorization: `Bearer ${key}` }
  return [
    { url: `${url}/openapi.json` },
    ...['/v1/key', '/v1/producers/me', '/v1/feeds', '/fhir/R4/metadata'].map((path) => ({
      url: `${url}${path}`,
      headers,
    })),
    ...receipts.map((id) => ({ url: `${url}/v1/receipts/${id}`, headers })),
  ]
}

/** @param answers of the gateway to what was sown */
export async function searchPages(
  pages: readonly Page[],
  answers: readonly { readonly where: string; readonly bytes: Buffer }[],
  search: Search,
): Promise<PlaceReport> {
  for (const { bytes, where } of answers) search.scan(where, bytes)
  let read = 0
  for (const { headers = {}, url } of pages) {
    // A page may redirect to a login: that is no page that was read.
    try {
      const answer = await fetch(url, {
        headers: { ...headers },
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const body = Buffer.from(await answer.arrayBuffer())
      search.scan(placeOf(url), JSON.stringify([...answer.headers]), body)
      // 503 is the health of a service that is degraded.
      if (answer.ok || answer.status === 503) read++
      else search.unread(placeOf(url), `status ${answer.status}`)
    } catch (error) {
      search.unread(placeOf(url), error)
    }
  }
  return search.report('answers and pages', `${answers.length} answers of the gateway, ${read} pages`, true)
}

const TIMEOUT_MS = 10_000
const placeOf = (url: string) => url.replace(/\/v1\/receipts\/.*$/, '/v1/receipts/…')

/** Every version of every subject, also of those that are deleted. */
export async function searchRegistry(config: RegistryConfig, search: Search): Promise<PlaceReport> {
  const url = config.SCHEMA_REGISTRY_URL
  let schemas = 0
  const get = async (path: string) => {
    const { status, body } = await getFromRegistry(config, path, TIMEOUT_MS)
    search.scan(`${url}${path.split('?')[0]}`, body)
    if (status !== 200) throw Object.assign(new Error('no answer'), { code: `status ${status}` })
    return JSON.parse(body) as unknown
  }
  try {
    const subjects = (await get('/subjects?deleted=true')) as readonly string[]
    for (const subject of subjects) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`
      for (const version of (await get(`${path}?deleted=true`)) as readonly number[]) {
        await get(`${path}/${version}?deleted=true`)
        schemas++
      }
    }
  } catch (error) {
    search.unread(`registry ${url}`, error)
  }
  return search.report('schema registry', `${schemas} schemas`, false)
}
