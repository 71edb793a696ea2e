/**
 * Avro with the schema registry's wire format (a zero byte, the schema's id in 4 bytes, the value). The registry client
 * fetches and registers schemas; framing is done here because a promise per record would dominate the record's cost.
 */
import { Agent } from 'node:https'
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import avsc from 'avsc'
import { type AvroRecordSchema, fullName } from '../contract/avro-schemas.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { authorityOf, type RegistryConfig } from './ask-registry.ts'

const HEADER_BYTES = 5
const REQUEST_MS = 20_000
/** Status of the registry's answer when a schema cannot read what was written before. */
const INCOMPATIBLE = 409
/** Transitive, not only against the version before: the pseudonymised log keeps messages of every version permanently. */
const COMPATIBILITY_RULE = COMPATIBILITY.BACKWARD_TRANSITIVE

export interface Encoder {
  readonly schemaId: number
  /** @returns the framed bytes, or undefined when the record does not fit the schema (avsc's message would quote the value) */
  encode(record: Record<string, unknown>): Buffer | undefined
}

export interface Decoded {
  /** Full name of the schema the value was written with. */
  readonly name: string
  readonly record: Record<string, unknown>
}

export interface Decoder {
  /** Fetches the schemas of these values that are not known yet; call before `decode`. */
  prepare(values: readonly (Buffer | null)[]): Promise<void>
  /** @returns the record read with the reader schema of the same name, or undefined when the bytes do not fit it */
  decode(value: Buffer | null): Decoded | undefined
}

/** Writes messages anew under the schema that each was written with: what is not changed keeps its bytes. */
export interface Rewriter {
  /** Fetches the schemas of these values that are not known yet; call before `rewrite`. */
  prepare(values: readonly (Buffer | null)[]): Promise<void>
  /** @returns the record as it was written; undefined when the bytes are no record of the schemas */
  read(value: Buffer | null): Decoded | undefined
  /**
   * @param change receives the record as it was written, and may change values of it
   * @returns undefined when the bytes are no record of the schemas
   */
  rewrite(value: Buffer | null, change: (decoded: Decoded) => void): Buffer | undefined
}

export interface AvroRegistry {
  /**
   * For `provision` alone: the others may only read.
   * @throws ConfigurationError when the registry rejects the schema as not backward compatible, or the login
   */
  register(subject: string, schema: AvroRecordSchema): Promise<void>
  /** @throws ConfigurationError when the schema is not registered, or the registry rejects the login */
  encoder(subject: string, schema: AvroRecordSchema): Promise<Encoder>
  /**
   * @param subjects where Chainon registers the schemas of these messages: one of those that the registry does not return any more is its
   *   fault, and any other is the message's
   */
  decoder(readers: readonly AvroRecordSchema[], subjects?: readonly string[]): Decoder
  /** @param names full names of schemas, in whatever version @param subjects as of `decoder` */
  rewriter(names: readonly string[], subjects: readonly string[]): Rewriter
}

/** @throws ConfigurationError when the file of its certificate authority cannot be used */
export function avroRegistry(config: RegistryConfig): AvroRegistry {
  const ca = authorityOf(config)
  const client = new SchemaRegistry({
    host: config.SCHEMA_REGISTRY_URL,
    ...(ca ? { agent: new Agent({ ca, keepAlive: true }) } : {}),
    retry: { retries: 4, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 1 },
    // A registry that accepts a connection and never answers.
    middlewares: [
      () => ({ prepareRequest: (next) => next().then((request) => request.enhance({ timeout: REQUEST_MS })) }),
    ],
    ...(config.SCHEMA_REGISTRY_USERNAME
      ? { auth: { username: config.SCHEMA_REGISTRY_USERNAME, password: config.SCHEMA_REGISTRY_PASSWORD } }
      : {}),
  })
  return {
    register: (subject, schema) => register(client, subject, schema),
    async encoder(subject, schema) {
      const id = await registeredId(client, subject, schema)
      return frameEncoder(id, typeOf(schema))
    },
    decoder(readers, subjects = []) {
      const readerTypes = new Map(readers.map((schema) => [fullName(schema), typeOf(schema)]))
      const { prepare, of } = knownSchemas(client, subjects, (writer, name) => {
        const reader = readerTypes.get(name)
        if (!reader) return undefined
        const resolver = resolverOf(reader, writer)
        return (value: Buffer) => reader.fromBuffer(value.subarray(HEADER_BYTES), resolver) as Record<string, unknown>
      })
      return {
        prepare,
        decode(value) {
          const schema = of(value)
          if (!schema || value === null) return undefined
          try {
            return { name: schema.name, record: schema.found(value) }
          } catch {
            return undefined
          }
        },
      }
    },
    rewriter(names, subjects) {
      const { prepare, of } = knownSchemas(client, subjects, (writer, name) =>
        names.includes(name) ? writer : undefined,
      )
      const read = (value: Buffer | null) => {
        const schema = of(value)
        if (!schema || value === null) return undefined
        const { name, found: type } = schema
        try {
          return { type, name, record: type.fromBuffer(value.subarray(HEADER_BYTES)) as Record<string, unknown> }
        } catch {
          return undefined
        }
      }
      return {
        prepare,
        read,
        rewrite(value, change) {
          const found = read(value)
          if (!found || value === null) return undefined
          const { type, name, record } = found
          change({ name, record })
          return Buffer.concat([value.subarray(0, HEADER_BYTES), type.toBuffer(record)])
        },
      }
    },
  }
}

function typeOf(schema: AvroRecordSchema): avsc.Type {
  return avsc.Type.forSchema(schema as unknown as avsc.Schema, { registry: {}, logicalTypes: {} })
}

/** @returns undefined for a schema of another kind: the registry also stores JSON Schema and Protobuf */
function parsed(schema: AvroRecordSchema): avsc.Type | undefined {
  try {
    return typeOf(schema)
  } catch {
    return undefined
  }
}

/** A service that still runs with an older contract must not treat newer records as damaged. */
function resolverOf(reader: avsc.Type, writer: avsc.Type): ReturnType<avsc.Type['createResolver']> {
  try {
    return reader.createResolver(writer)
  } catch {
    throw new ConfigurationError('A message was written with a contract that this one cannot read', [
      `${reader.name}: replace the contracts of this service (CHAINON_FEEDS_DIR) by those of the last run of provision`,
    ])
  }
}

const written = (schema: AvroRecordSchema) => ({ type: SchemaType.AVRO, schema: JSON.stringify(schema) }) as const

/** @returns an error that names the settings to check when the registry rejects the login or what it may do; undefined for any other error */
function rejectedLogin(error: unknown): ConfigurationError | undefined {
  const status = (error as { status?: number }).status
  if (status === 401)
    return new ConfigurationError('The schema registry rejected the login', [
      'check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD',
    ])
  if (status !== 403) return undefined
  return new ConfigurationError('The schema registry does not allow it', [
    'the user of SCHEMA_REGISTRY_USERNAME lacks a right (deploy/RIGHTS.md)',
  ])
}

async function registeredId(client: SchemaRegistry, subject: string, schema: AvroRecordSchema): Promise<number> {
  try {
    return await client.getRegistryIdBySchema(subject, written(schema))
  } catch (error) {
    // The client's name for the answer 404.
    if ((error as Error).name === 'ConfluentSchemaRegistryError')
      throw new ConfigurationError(`The schema of ${subject} is not registered`, [
        'run provision with the contracts of this service (CHAINON_FEEDS_DIR), then start it again',
      ])
    const what = `the schema registry did not return ${subject}`
    throw rejectedLogin(error) ?? new ChainonError('dependency-unavailable', what, { cause: error })
  }
}

async function register(client: SchemaRegistry, subject: string, schema: AvroRecordSchema): Promise<void> {
  try {
    await client.register(written(schema), { subject, compatibility: COMPATIBILITY_RULE })
  } catch (error) {
    const status = (error as { status?: number }).status
    if (status === INCOMPATIBLE) {
      throw new ConfigurationError(`The schema of ${subject} does not fit its earlier version`, [
        'a new version must be able to read what was written before: new fields need a default, and a type may not change',
      ])
    }
    if ((error as Error).name === 'ConfluentSchemaRegistryCompatibilityError') {
      throw new ConfigurationError(`The registry checks ${subject} by another rule`, [
        `set its compatibility to ${COMPATIBILITY_RULE}: every message that was ever written must stay readable`,
      ])
    }
    const what = `the schema registry did not accept ${subject}${status ? ` (HTTP ${status})` : ''}`
    throw rejectedLogin(error) ?? new ChainonError('dependency-unavailable', what, { cause: error })
  }
}

/** @returns whether a version of one of the subjects has this id */
async function isRegistered(client: SchemaRegistry, subjects: readonly string[], id: number): Promise<boolean> {
  for (const subject of subjects) {
    for (let version = 1; ; version++) {
      try {
        if ((await client.getRegistryId(subject, version)) === id) return true
      } catch (error) {
        if ((error as { status?: number }).status === 404) break
        throw new ChainonError('dependency-unavailable', `the schema registry did not return ${subject}`, {
          cause: error,
        })
      }
    }
  }
  return false
}

function frameEncoder(schemaId: number, type: avsc.Type): Encoder {
  let scratch = Buffer.alloc(64 * 1024)
  const header = () => {
    scratch[0] = 0
    scratch.writeUInt32BE(schemaId, 1)
  }
  header()
  return {
    schemaId,
    encode(record) {
      try {
        let end = type.encode(record, scratch, HEADER_BYTES)
        if (end < 0) {
          // A negative position says by how many bytes the buffer was too short.
          scratch = Buffer.alloc((scratch.length - end) * 2)
          header()
          end = type.encode(record, scratch, HEADER_BYTES)
        }
        return Buffer.from(scratch.subarray(0, end))
      } catch {
        return undefined
      }
    },
  }
}

interface KnownSchemas<T> {
  readonly prepare: (values: readonly (Buffer | null)[]) => Promise<void>
  /** @returns what was made of the schema of a value, with its full name */
  readonly of: (value: Buffer | null) => { readonly name: string; readonly found: T } | undefined
}

/** @param make of a schema that a message was written with; undefined for one that is not wanted */
function knownSchemas<T>(
  client: SchemaRegistry,
  subjects: readonly string[],
  make: (writer: avsc.Type, name: string) => T | undefined,
): KnownSchemas<T> {
  const known = new Map<number, { readonly name: string; readonly found: T } | undefined>()

  async function fetchSchema(id: number): Promise<void> {
    let schema: AvroRecordSchema
    try {
      const found = await client.getSchema(id)
      schema = JSON.parse(JSON.stringify(found)) as AvroRecordSchema
    } catch (error) {
      // 404: the bytes are not Chainon's, a record's fault. Anything else: the registry is unreachable, and the record is not at fault.
      if ((error as { status?: number }).status !== 404) {
        throw new ChainonError('dependency-unavailable', `the schema registry did not return schema ${id}`, {
          cause: error,
        })
      }
      // Unless it was registered by Chainon: then the registry has lost it, and the records are not damaged.
      if (await isRegistered(client, subjects, id))
        throw new ChainonError('dependency-unavailable', `the schema registry has lost schema ${id}`, { cause: error })
      known.set(id, undefined)
      return
    }
    // A schema that is not Avro, or not one of those that are wanted.
    const writer = parsed(schema)
    const name = writer?.name ?? ''
    const found = writer && make(writer, name)
    known.set(id, found === undefined ? undefined : { name, found })
  }

  const idOf = (value: Buffer | null) =>
    value && value.length > HEADER_BYTES && value[0] === 0 ? value.readUInt32BE(1) : undefined
  return {
    async prepare(values) {
      const missing = new Set<number>()
      for (const value of values) {
        const id = idOf(value)
        if (id !== undefined && !known.has(id)) missing.add(id)
      }
      await Promise.all([...missing].map(fetchSchema))
    },
    of(value) {
      const id = idOf(value)
      return id === undefined ? undefined : known.get(id)
    },
  }
}
