/** What any program on this machine could do through the local ClickHouse, as an attacker's scripts: each must be refused. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'

const folder = temporaryFolder()
const SECRET = 'the-secret-of-another-service'
const secretFile = join(folder.path, 'secret.key')
const written = join(folder.path, 'written.txt')
let front: Front
let elsewhere: Server
let reached = 0

beforeAll(async () => {
  writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 })
  elsewhere = createServer((_request, response) => {
    reached++
    response.end('answer\n')
  })
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  front = await startFront(join(folder.path, 'data'))
})

afterAll(async () => {
  await front.stop()
  elsewhere.close()
  folder.remove()
})

const ask = async (statement: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(front.url, { method: 'POST', body: statement })
  return { status: response.status, text: await response.text() }
}

describe('without a password', () => {
  test.fails('nothing answers', async () => {
    expect((await ask('SELECT 1')).status).toBe(401)
  })

  test.fails.each([
    `SELECT * FROM file('${secretFile}', 'LineAsString')`,
    `SELECT file('${secretFile}')`,
    `SELECT arrayMap(file, ['${secretFile}'])`,
  ])('no statement reads a secret: %s', async (statement) => {
    expect((await ask(statement)).text).not.toContain(SECRET)
  })

  test.fails('no statement writes a file of the owner', async () => {
    await ask(`INSERT INTO FUNCTION file('${written}', 'TSV', 's String') SELECT 'planted'`)
    expect(existsSync(written) && readFileSync(written, 'utf8')).toBe(false)
  })

  test.fails('no statement reaches another server', async () => {
    const { port } = elsewhere.address() as { port: number }
    await ask(`SELECT * FROM url('http://127.0.0.1:${port}/', 'LineAsString')`)
    expect(reached).toBe(0)
  })
})
