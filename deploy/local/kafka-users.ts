/**
 * Makes the users of the local Kafka, with the passwords of their files, over the listener of its controller: kafkajs lacks the request.
 * Format: https://kafka.apache.org/protocol, AlterUserScramCredentials version 0; SCRAM: RFC 5802.
 */
import { pbkdf2, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'

export interface KafkaLogin {
  readonly user: string
  readonly password: string
}

const SASL_HANDSHAKE = 17
const SASL_AUTHENTICATE = 36
const ALTER_USER_SCRAM_CREDENTIALS = 51
const SCRAM_SHA_512 = 2
/** The least that Kafka takes; the passwords are random, so more would only cost time at each connection. */
const ITERATIONS = 4096
const SHA_512_BYTES = 64
const TIMEOUT_MS = 5_000

/**
 * @param port of the controller on 127.0.0.1
 * @param controller its login; mechanism PLAIN
 * @throws Error when the controller refuses one of them, or does not answer
 */
export async function setKafkaUsers(port: number, controller: KafkaLogin, users: readonly KafkaLogin[]): Promise<void> {
  const salted = await Promise.all(users.map(async ({ user, password }) => ({ user, ...(await saltedOf(password)) })))
  await withConnection(port, async (send) => {
    await login(send, 'PLAIN', Buffer.from(`\0${controller.user}\0${controller.password}`))
    const answer = await send(ALTER_USER_SCRAM_CREDENTIALS, 0, alteration(salted), 'flexible')
    const failed = errorsOf(answer)
    if (failed.length > 0) throw new Error(`Kafka's controller refused its users (${failed.join(', ')})`)
  })
}

/** @returns whether the broker knows the user, whatever its password is */
export async function kafkaKnows(port: number, user: string): Promise<boolean> {
  const first = Buffer.from(`n,,n=${user},r=${randomBytes(18).toString('hex')}`)
  return withConnection(port, (send) => login(send, 'SCRAM-SHA-512', first)).then(
    () => true,
    () => false,
  )
}

async function saltedOf(password: string): Promise<{ readonly salt: Buffer; readonly value: Buffer }> {
  const salt = randomBytes(32)
  return { salt, value: await promisify(pbkdf2)(password, salt, ITERATIONS, SHA_512_BYTES, 'sha512') }
}

type Send = (api: number, version: number, body: Buffer, header?: 'flexible') => Promise<Buffer>

async function login(send: Send, mechanism: string, token: Buffer): Promise<void> {
  const handshake = await send(SASL_HANDSHAKE, 1, string(mechanism))
  if (handshake.readInt16BE(0) !== 0) throw new Error(`Kafka does not take ${mechanism} there`)
  const answer = await send(SASL_AUTHENTICATE, 0, Buffer.concat([int32(token.length), token]))
  if (answer.readInt16BE(0) !== 0) throw new Error('Kafka rejected the login')
}

function alteration(
  users: readonly { readonly user: string; readonly salt: Buffer; readonly value: Buffer }[],
): Buffer {
  const upsertions = users.map(({ user, salt, value }) =>
    Buffer.concat([
      compact(Buffer.from(user)),
      Buffer.from([SCRAM_SHA_512]),
      int32(ITERATIONS),
      compact(salt),
      compact(value),
      NO_TAGS,
    ]),
  )
  const noDeletions = varint(1)
  return Buffer.concat([noDeletions, varint(upsertions.length + 1), ...upsertions, NO_TAGS])
}

/** @returns the error codes of the users that were not taken */
function errorsOf(answer: Buffer): readonly number[] {
  // Tags of the header, then the throttle time.
  let at = 1 + 4
  const length = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = answer.readUInt8(at++)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value - 1
    }
  }
  const skip = (bytes: number) => {
    at += bytes
  }
  const codes: number[] = []
  for (let left = length(); left > 0; left--) {
    skip(length())
    codes.push(answer.readInt16BE(at))
    skip(2)
    // The message, null or not, and the tags.
    skip(Math.max(0, length()))
    skip(1)
  }
  return codes.filter((code) => code !== 0)
}

async function withConnection<T>(port: number, work: (send: Send) => Promise<T>): Promise<T> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('Kafka did not answer')))
  let id = 0
  try {
    return await work(async (api, version, body, header) => {
      const head = Buffer.concat([int16(api), int16(version), int32(++id), string('chainon-up')])
      const message = Buffer.concat([head, header ? NO_TAGS : Buffer.alloc(0), body])
      socket.write(Buffer.concat([int32(message.length), message]))
      return (await frame(socket)).subarray(4)
    })
  } finally {
    socket.destroy()
  }
}

/** @returns the next answer without its length, beginning with its correlation id */
function frame(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0)
    const closed = () => reject(new Error('Kafka closed the connection'))
    const read = (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return
      socket.off('data', read).off('error', reject).off('close', closed)
      resolve(answer.subarray(4))
    }
    socket.on('data', read).once('error', reject).once('close', closed)
  })
}

const NO_TAGS = Buffer.from([0])

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const string = (text: string): Buffer => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)])

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left])
    bytes.push((left % 128) + 128)
  }
}

/** A string or bytes of a flexible version. */
const compact = (bytes: Buffer): Buffer => Buffer.concat([varint(bytes.length + 1), bytes])
