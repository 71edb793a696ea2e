/** The configuration as a page, made from the table that the programs read: the two cannot differ. */
import type { KeySpec } from './key-spec.ts'
import { KEY_GROUPS, type KeyGroup } from './keys.ts'

export function configurationPage(): string {
  return `# Configuration

Made from \`services/core/config/keys.ts\` by \`chainon config --write\`; a test compares the two. Every variable that Chainon
reads is here. Every program (services, \`chainon\`, local stack, load test) rejects a name that begins with \`CHAINON_\` and is not
here, and one that differs by a single letter from another variable of this page, and names the nearest one. All problems are shown at
once. The environment is read in \`main.ts\` of a program and nowhere else.

${KEY_GROUPS.map(section).join('\n')}`
}

function section({ title, readers, keys }: KeyGroup): string {
  return `## ${title}
${readers}

| variable | type | default | meaning |
| --- | --- | --- | --- |
${Object.entries(keys).map(row).join('\n')}
`
}

function row([name, spec]: [string, KeySpec]): string {
  const limits =
    spec.max !== undefined
      ? `, ${spec.min} to ${spec.max}`
      : spec.oneOf
        ? `: ${spec.oneOf.filter(Boolean).join(', ')}`
        : ''
  const shown = spec.default === '' ? '' : `\`${spec.default}\``
  return `| \`${name}\` | ${spec.type}${limits}${spec.secret ? ', secret' : ''} | ${shown} | ${spec.description} |`
}
