/** Reads a program's configuration from an environment: all errors at once, unknown names rejected. */
import { join } from 'node:path'
import { distance } from 'fastest-levenshtein'
import { ConfigurationError } from '../faults/errors.ts'
import { nearest } from '../schema/nearest.ts'
import type { KeySpec } from './key-spec.ts'
import { KEYS, type Key } from './keys.ts'

type ValueOf<K extends Key> = (typeof KEYS)[K]['type'] extends 'port' | 'integer'
  ? number
  : (typeof KEYS)[K]['type'] extends 'boolean'
    ? boolean
    : (typeof KEYS)[K]['type'] extends 'list'
      ? readonly string[]
      : string

export type Config<K extends Key> = { readonly [P in K]: ValueOf<P> }

/** Names that begin like this are Chainon's: one that is not in the table is an error. */
const OWN_PREFIX = /^_?CHAINON_/
/** Names that other programs have, too: one is an error only when it differs by a single letter from a setting of Chainon. */
const SHARED_PREFIX = /^(KAFKA|SCHEMA_REGISTRY|REDIS|CLICKHOUSE)_/

/**
 * @param program name of the service or tool, for messages
 * @param env usually `process.env`; an empty value counts as absent
 * @throws ConfigurationError that lists every problem
 */
export function readConfig<K extends Key>(program: string, keys: readonly K[], env: NodeJS.ProcessEnv): Config<K> {
  return read(program, keys, env, true) as Config<K>
}

/**
 * For readers that must know whether a setting is set: without it a port is chosen, or a component is started.
 *
 * @returns those of the settings that the environment sets, without the defaults
 * @throws ConfigurationError that lists every problem
 */
export function readGiven<K extends Key>(
  program: string,
  keys: readonly K[],
  env: NodeJS.ProcessEnv,
): Partial<Config<K>> {
  return read(program, keys, env, false) as Partial<Config<K>>
}

function read(program: string, keys: readonly Key[], env: NodeJS.ProcessEnv, defaults: boolean): object {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const key of keys) {
    const spec: KeySpec = KEYS[key]
    const given = env[key]
    const absent = given === undefined || given === ''
    if (absent && !defaults) continue
    const parsed = parse(spec, absent ? spec.default : given)
    if ('problem' in parsed) problems.push(`${key} ${parsed.problem} (${spec.description})`)
    else values[key] = parsed.value
  }
  problems.push(...unknownNames(env))
  if (problems.length > 0) throw new ConfigurationError(`${program} cannot start, its configuration is wrong`, problems)
  return values
}

function unknownNames(env: NodeJS.ProcessEnv): string[] {
  const problems: string[] = []
  for (const name of Object.keys(env)) {
    if (name in KEYS) continue
    const own = OWN_PREFIX.test(name)
    if (!own && !SHARED_PREFIX.test(name)) continue
    const near = nearest(name, Object.keys(KEYS))
    if (own || (near && distance(name, near) <= 1))
      problems.push(`${name} is not a setting${near ? `; did you mean ${near}?` : ''}`)
  }
  return problems
}

/**
 * @returns the log level of an environment; `info` when it is missing or wrong: `readConfig` rejects it, through the logger that
 *   this level is for
 */
export function logLevel(env: NodeJS.ProcessEnv): string {
  const { default: usual, oneOf } = KEYS.CHAINON_LOG_LEVEL
  const given = env.CHAINON_LOG_LEVEL ?? ''
  return (oneOf as readonly string[]).includes(given) ? given : usual
}

/** @returns the folder of the service's own secrets */
export function secretsDir(service: string, config: Config<'CHAINON_SECRETS_DIR' | 'CHAINON_DATA_DIR'>): string {
  return config.CHAINON_SECRETS_DIR || join(config.CHAINON_DATA_DIR, 'secrets', service)
}

function parse(spec: KeySpec, text: string): { value: unknown } | { problem: string } {
  switch (spec.type) {
    case 'string':
      if (spec.oneOf && !spec.oneOf.includes(text))
        return { problem: `must be one of ${spec.oneOf.filter(Boolean).join(', ')}` }
      return { value: text }
    case 'boolean':
      if (!/^(true|false|1|0)$/.test(text)) return { problem: 'must be true or false' }
      return { value: text === 'true' || text === '1' }
    case 'list':
      return {
        value: text
          .split(',')
          .map((item) => item.trim())
          .filter(Boolean),
      }
    case 'url':
      return URL.canParse(text) ? { value: text.replace(/\/$/, '') } : { problem: 'must be a URL' }
    case 'port':
    case 'integer': {
      const number = Number(text)
      const min = spec.min ?? 0
      const max = spec.max ?? (spec.type === 'port' ? 65_535 : Number.MAX_SAFE_INTEGER)
      if (!Number.isInteger(number) || number < min || number > max)
        return { problem: `must be an integer from ${min} to ${max}` }
      return { value: number }
    }
  }
}
