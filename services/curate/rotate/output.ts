/** What the commands of a rotation say. Counts and names of tables, never a value. */
import { secondLevelKey } from '#core/custody/key-versions.ts'
import { table } from '#core/terminal/table.ts'
import type { Retired } from './retire.ts'
import type { Rotated } from './rotation.ts'
import type { Survey } from './survey.ts'
import type { TableFacts } from './tables.ts'

const number = (value: number) => value.toLocaleString('en')

export function surveyText(survey: Survey): string {
  const { from, to, phase, workers, messages, projects, problems } = survey
  const begins =
    phase === 'none' || phase === 'prepared' ? 'A rotation would move' : 'The rotation that has begun moves'
  return `${begins} these columns from version ${from} of the key of pseudonyms to version ${to}:
${factsTable(survey.tables)}
It reads ${number(messages)} messages of the kept log. ${number(workers)} processes of curate end by themselves and wait: records are accepted, de-identified, and loaded afterwards.
First-level pseudonyms, linkage tokens and API keys stay as they are. ${projectsText(projects)}
Backups of ClickHouse and shares of ${secondLevelKey(from)} keep the pseudonyms of version ${from} readable until they are destroyed.
${problems.map((problem) => `It would be refused: ${problem}.\n`).join('')}`
}

function projectsText(projects: readonly string[]): string {
  if (projects.length === 0) return 'No project has a key.'
  return `Pseudonyms of projects are made from those of the warehouse: the next extraction of ${projects.join(', ')} has others than the last one.`
}

export function preparedText(version: number): string {
  return `Version ${version} of the key is made, and nothing waits. Back it up now: chainon keys backup ${secondLevelKey(version)}
`
}

export function rotatedText({ from, to, tables, patients }: Rotated): string {
  if (from === undefined) return `Version ${to} of the key was in force already; its rotation is complete now.\n`
  return `Version ${to} of the key of pseudonyms is in force.${tables.length === 0 ? '' : `\n${factsTable(tables)}`}
The links of ${number(patients ?? 0)} patients were made again.
Copy ${secondLevelKey(to)} to each host of curate. When it is backed up, destroy the former key: chainon keys rotate-pseudonyms --retire
`
}

export function abandonedText(version: number): string {
  return `The rotation to version ${version} is given up; nothing has changed. Remove ${secondLevelKey(version)} where it still is: it is never used.\n`
}

export function retiredText({ inForce, versions }: Retired): string {
  if (versions.length === 0) return `This host has no other key than version ${inForce}, which is in force.\n`
  return `Destroyed here: version ${versions.join(', ')}. Every stored pseudonym is of version ${inForce}. Custodians destroy their shares, and other hosts their file.\n`
}

function factsTable(facts: readonly TableFacts[]): string {
  const rows = facts.flatMap(({ table: name, rows: count, distinct }) =>
    Object.entries(distinct).map(([column, different]) => [`${name}.${column}`, number(count), number(different)]),
  )
  return table(['column', 'rows', 'different values'], rows)
}
