/** The configuration as a page, made from the same table that the services read: the two cannot disagree. */
import { KEYS, type KeySpec } from './keys.ts'

export function configurationPage(): string {
  const rows = Object.entries(KEYS).map(([name, spec]: [string, KeySpec]) => {
    const limits =
      spec.min !== undefined
        ? `, ${spec.min} to ${spec.max}`
        : spec.oneOf
          ? `: ${spec.oneOf.filter(Boolean).join(', ')}`
          : ''
    const shown = spec.default === undefined || spec.default === '' ? '' : `\`${spec.default}\``
    return `| \`${name}\` | ${spec.type}${limits}${spec.secret ? ', secret' : ''} | ${shown} | ${spec.description} |`
  })
  return `# Configuration

Made from \`services/core/config/keys.ts\` by \`chainon config --write\`; a test compares the two. Services read the environment only;
an unknown name that begins with \`CHAINON_\` is rejected, and all problems are told at once.

| variable | type | default | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}
