/** What a service says when the registry does not have its schema, or does not let it in. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { avroRegistry } from '#core/avro/registry.ts'
import { readConfig } from '#core/config/read.ts'
import type { AvroRecordSchema } from '#core/contract/avro-schemas.ts'

const SCHEMA = { type: 'record', name: 'r', fields: [{ name: 'a', type: 'int' }] } as unknown as AvroRecordSchema
const asked: string[] = []
let status = 200
let server: Server
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`)
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(JSON.stringify(status === 200 ? { subject: 's', id: 7, version: 1 } : { error_code: status }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

function open() {
  const { port } = server.address() as { port: number }
  const env = {
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}`,
    SCHEMA_REGISTRY_USERNAME: 'gateway',
    SCHEMA_REGISTRY_PASSWORD: 'of gateway',
  }
  return avroRegistry(readConfig('test', REGISTRY_KEYS, env))
}

it('an encoder asks for the id of its schema with its login, and writes nothing', async () => {
  status = 200
  asked.length = 0
  expect((await open().encoder('s', SCHEMA)).schemaId).toBe(7)
  expect(asked).toEqual([`POST /subjects/s Basic ${Buffer.from('gateway:of gateway').toString('base64')}`])
})

it.each([
  [404, 'The schema of s is not registered', 'run provision'],
  [401, 'The schema registry rejected the login', 'SCHEMA_REGISTRY_PASSWORD'],
  [403, 'The schema registry does not allow it', 'deploy/RIGHTS.md'],
])('the answer %i is a matter of the configuration', async (code, title, help) => {
  status = code
  await expect(open().encoder('s', SCHEMA)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining(title),
  })
  await expect(open().encoder('s', SCHEMA)).rejects.toThrow(help)
})

it('any other answer is one of a dependency', async () => {
  status = 400
  await expect(open().encoder('s', SCHEMA)).rejects.toMatchObject({ code: 'dependency-unavailable' })
})
