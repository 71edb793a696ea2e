/** Messages of a log whose value is JSON, in the place of Avro; bytes are as a Buffer is written in JSON. */
import type { AvroRegistry, Rewriter } from '#core/avro/registry.ts'

const RECORD = 'r'

/** @returns undefined for what is no record */
export function recordOfJson(value: Buffer | null): Record<string, unknown> | undefined {
  if (!value?.toString().startsWith('{')) return undefined
  return JSON.parse(value.toString(), (_, part: unknown) =>
    (part as { type?: string } | null)?.type === 'Buffer' ? Buffer.from((part as { data: number[] }).data) : part,
  ) as Record<string, unknown>
}

export const jsonRegistry: Pick<AvroRegistry, 'rewriter'> = {
  rewriter: (): Rewriter => ({
    prepare: async () => undefined,
    read(value) {
      const record = recordOfJson(value)
      return record && { name: RECORD, record }
    },
    rewrite(value, change) {
      const record = recordOfJson(value)
      if (!record) return undefined
      change({ name: RECORD, record })
      return Buffer.from(JSON.stringify(record))
    },
  }),
}
