/** What is known about one environment variable. */
export interface KeySpec {
  readonly type: 'string' | 'port' | 'integer' | 'boolean' | 'list' | 'url'
  readonly description: string
  /** As text, in the form that the environment has. */
  readonly default: string
  readonly secret?: true
  readonly min?: number
  readonly max?: number
  readonly oneOf?: readonly string[]
}

export type KeyTable = Readonly<Record<string, KeySpec>>
