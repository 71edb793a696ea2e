/** The door by which the console runs commands of a service: only with the code, only what has its form, and never a shell. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import Type from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandSecret, registerCommands, signed } from '#core/http/command-door.ts'
import { linkServices } from '../../../../services/console/review/link-services.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-door-'))
const secret = commandSecret({ CHAINON_REVIEW_SECRETS_DIR: '', CHAINON_DATA_DIR: folder })
const main = join(folder, 'main.mjs')
const BODY = Type.Object({ word: Type.String() }, { additionalProperties: false })
const NOW = 1_000_000_000
const app = Fastify()

beforeAll(() => {
  writeFileSync(
    main,
    `const [word] = process.argv.slice(2)
     if (word === 'refuse') { process.stderr.write('chainon: A record is not there\\n'); process.exit(1) }
     if (word === 'crash') throw new Error('Zoe Vasselin')
     process.stdout.write(JSON.stringify({ word, own: process.env.OWN }))`,
  )
  registerCommands(app, {
    ...{ secret, env: { OWN: 'of the service' }, now: () => NOW * 1000 },
    commands: [{ path: '/say', body: BODY, main, line: ({ word }: { word: string }) => [word] }],
  })
})
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

const say = (body: string, authorization = signed(secret, NOW, '/say', body)) =>
  app.inject({
    ...{ method: 'POST', url: '/say', payload: body },
    headers: { 'content-type': 'application/json', authorization },
  })

test('a command has the arguments as they are, and the environment of its service', async () => {
  const word = '$(id); `id` "x" --flag'
  expect((await say(JSON.stringify({ word }))).json()).toEqual({ word, own: 'of the service' })
  expect(commandSecret({ CHAINON_REVIEW_SECRETS_DIR: '', CHAINON_DATA_DIR: folder })).toEqual(secret)
})

test('without the code, with that of another body, path, secret or time, nothing runs', async () => {
  const body = JSON.stringify({ word: 'x' })
  const forged = [
    ...['', 'Chainon-HMAC', `Bearer ${secret.toString('hex')}`, signed(Buffer.alloc(32), NOW, '/say', body)],
    ...[signed(secret, NOW, '/say', `${body} `), signed(secret, NOW, '/other', body)],
    ...[signed(secret, NOW - 61, '/say', body), signed(secret, NOW + 61, '/say', body)],
    signed(secret, NOW, '/say', body).replace(`${NOW}`, `${NOW + 1}`),
  ]
  for (const one of forged) expect((await say(body, one)).statusCode, one).toBe(401)
})

test('what has not its form is refused; a failure tells the message of the command, and nothing else that a process writes', async () => {
  for (const body of ['{', '{}', '{"word":1}', '{"word":"x","more":1}', '[]'])
    expect((await say(body)).statusCode, body).toBe(422)
  const refused = await say(JSON.stringify({ word: 'refuse' }))
  expect([refused.statusCode, refused.json()]).toEqual([422, { detail: 'A record is not there' }])
  const crashed = await say(JSON.stringify({ word: 'crash' }))
  expect(crashed.json()).toEqual({ detail: 'the command failed' })
  expect(crashed.body).not.toContain('Vasselin')
})

test('the console says of a service that is not there, or is another version, that it does not answer so', async () => {
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const links = linkServices({ linker: url, curate: 'http://127.0.0.1:9', secret, now: () => NOW * 1000 })
  expect(await links.review({})).toEqual({ kind: 'failed', detail: 'the linker answered with status 404' })
  expect(await links.history('patient/p1_x')).toEqual({ kind: 'failed', detail: 'curate does not answer' })
})
