/** Reads a service's configuration from an environment: all errors at once, unknown CHAINON_ names rejected. */
import { join } from 'node:path'
import { ConfigurationError } from '../faults/errors.ts'
import { nearest } from '../schema/nearest.ts'
import { KEYS, type Key, type KeySpec } from './keys.ts'

type ValueOf<K extends Key> = (typeof KEYS)[K]['type'] extends 'port' | 'integer'
  ? number
  : (typeof KEYS)[K]['type'] extends 'boolean'
    ? boolean
    : (typeof KEYS)[K]['type'] extends 'list'
      ? readonly string[]
      : string

export type Config<K extends Key> = { readonly [P in K]: ValueOf<P> }

/** Keys that the local stack and the tools beside the services read; known, so never rejected. */
const OTHER_PREFIXES = ['CHAINON_PORT_', 'CHAINON_CLICKHOUSE_', 'CHAINON_TEST_']

/**
 * @param service name of the service, for messages
 * @param env usually `process.env`; an empty value counts as absent
 * @throws ConfigurationError that lists every problem
 */
export function readConfig<K extends Key>(service: string, keys: readonly K[], env: NodeJS.ProcessEnv): Config<K> {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const key of keys) {
    const spec: KeySpec = KEYS[key]
    const given = env[key]
    const text = given === undefined || given === '' ? spec.default : given
    if (text === undefined) {
      problems.push(`${key} is required: ${spec.description}`)
      continue
    }
    const parsed = parse(spec, text)
    if ('problem' in parsed) problems.push(`${key} ${parsed.problem} (${spec.description})`)
    else values[key] = parsed.value
  }
  for (const name of Object.keys(env)) {
    if (!name.startsWith('CHAINON_') || name in KEYS) continue
    if (OTHER_PREFIXES.some((prefix) => name.startsWith(prefix))) continue
    const near = nearest(name, Object.keys(KEYS))
    problems.push(`${name} is not a setting${near ? `; did you mean ${near}?` : ''}`)
  }
  if (problems.length > 0) throw new ConfigurationError(`${service} cannot start, its configuration is wrong`, problems)
  return values as Config<K>
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
          .map((part) => part.trim())
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
