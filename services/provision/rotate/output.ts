/** What the commands of a rotation say. Counts and names, never a value. */
import { wrapKey } from '#core/custody/wrap-versions.ts'
import { table } from '#core/terminal/table.ts'
import type { Retired, Rotated, Survey } from './rotation.ts'

const number = (value: number) => value.toLocaleString('en')
const NO_KEY = 'no key of a wrap (version 1)'
const nameOf = (version: number) => (version === 1 ? NO_KEY : wrapKey(version))

export function surveyText({ inForce, prepared, rewriting, messages, tokens, missing, processes }: Survey): string {
  const counts = Object.entries(messages).map(([version, count]) => `${number(count)} of version ${version}`)
  const sealed = tokens.map(
    (one) =>
      `${number(one.messages)} for ${one.key}, ${one.wrap === 1 ? 'not wrapped' : `wrapped under version ${one.wrap}`}`,
  )
  const begun = rewriting ? ' The log is being written anew: start the rotation again, it goes on.' : ''
  return `In force: ${nameOf(inForce)}${prepared === null ? '' : `; ${nameOf(prepared)} is prepared`}.${begun}
The kept logs have messages with first-level pseudonyms: ${counts.join(', ') || 'none'}; of these with sealed linkage tokens: ${sealed.join('; ') || 'none'}. A rotation writes each of them once more, and deletes it where it was; Kafka needs the space of the largest topic twice. It seals the tokens again${missing.length === 0 ? ', and has the keys that open them' : `, and is refused until it has ${missing.join(', ')} (CHAINON_TOKEN_SECRETS_DIR)`}.
${processes.deidentify} processes of deidentify and ${processes.linker} of the linker end by themselves and wait meanwhile: records are accepted, and must not wait longer than CHAINON_IDENTIFIED_RETENTION_HOURS. ${processes.curate} processes of curate begin again, and go on.
Tables and the pseudonyms of projects stay as they are. Backups of Kafka's disks keep the log of before.
`
}

export function preparedText(version: number): string {
  const key = wrapKey(version)
  return `${key} is made, and nothing is wrapped under it. Copy it to the folder of linkage secrets of each host of deidentify and of the linker, and to the secrets folder of each host of curate; and back it up: chainon keys backup ${key}
`
}

export function rotatedText({ version, topics }: Rotated): string {
  const rows = topics.map(({ topic, messages, tokens }) => [topic, number(messages), number(tokens)])
  const closed = topics.reduce((sum, one) => sum + one.closed, 0)
  return `${wrapKey(version)} is in force, and the logs are written anew under it.${rows.length === 0 ? '' : `\n${table(['topic', 'messages', 'tokens sealed again'], rows)}`}${closed === 0 ? '' : `\n${number(closed)} messages have tokens that no key opens: a stranger has written them, and they are as they were.`}
deidentify, the linker and curate need it as long as there is the log. Destroy backups of Kafka's disks of before, copies of keys of curate that were put here for this, and former keys: chainon keys rotate-first-level --retire, chainon keys rotate-tokens --retire
`
}

export function abandonedText(version: number): string {
  return `${wrapKey(version)} is given up, and is never used: remove it where it still is.\n`
}

export function retiredText({ inForce, retired, destroyed }: Retired): string {
  const others =
    retired.length === 0
      ? 'There was no former key of a wrap.'
      : `Retired: version ${retired.join(', ')}. On other hosts the services destroy their copy when they start; custodians destroy their shares.`
  return `Every first-level pseudonym in Kafka is of version ${inForce}. ${others} Destroyed here: ${destroyed.join(', ') || 'nothing'}. deidentify/pseudonym-level1.key stays: new records need it, and it finds nothing in the log without ${nameOf(inForce)}.
`
}
