/** What the commands of a rotation say. Counts and names, never a value. */
import { wrapKey } from '#core/custody/wrap-versions.ts'
import { table } from '#core/terminal/table.ts'
import type { Retired, Rotated, Survey } from './rotation.ts'

const number = (value: number) => value.toLocaleString('en')
const NO_KEY = 'no key of a wrap (version 1)'
const nameOf = (version: number) => (version === 1 ? NO_KEY : wrapKey(version))

export function surveyText({ inForce, prepared, rewriting, messages, processes }: Survey): string {
  const counts = Object.entries(messages).map(([version, count]) => `${number(count)} of version ${version}`)
  const begun = rewriting ? ' The log is being written anew: start the rotation again, it goes on.' : ''
  return `In force: ${nameOf(inForce)}${prepared === null ? '' : `; ${nameOf(prepared)} is prepared`}.${begun}
The kept logs have messages with first-level pseudonyms: ${counts.join(', ') || 'none'}. A rotation writes each of them once more, and deletes it where it was; Kafka needs the space of the largest topic twice.
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
  const rows = topics.map(({ topic, messages }) => [topic, number(messages)])
  return `${wrapKey(version)} is in force, and the logs are written anew under it.${rows.length === 0 ? '' : `\n${table(['topic', 'messages'], rows)}`}
deidentify, the linker and curate need it as long as there is the log. Destroy backups of Kafka's disks of before, and former keys: chainon keys rotate-first-level --retire
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
