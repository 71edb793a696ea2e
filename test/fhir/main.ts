/**
 * `npm run fhir:examples`: HL7's example resources of R4 (`hl7.fhir.r4.examples`, CC0, fetched from the registry of npm packages by `npm pack`) through the
 * gateway's mapping, and the records compared with them. Ends with 1 when a value is altered, or a resource is neither mapped nor refused.
 * `--package FILE` reads an archive that is there, `--save FILE` keeps the result.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '#core/terminal/table.ts'
import { machine } from '../../loadtest/machine.ts'
import { openBundle } from '../../services/gateway/decode/fhir/bundle.ts'
import { MAPPED_RESOURCES } from '../../services/gateway/decode/fhir/map.ts'
import { openLines } from '../../services/gateway/decode/fhir/resources.ts'
import { type Compared, compareAll } from './compare.ts'

const PACKAGE = 'hl7.fhir.r4.examples@4.0.1'
const LIMITS = { maxRecordBytes: 10_000_000, maxRecords: 100_000 }
const { values: flags } = parseArgs({ options: { package: { type: 'string' }, save: { type: 'string' } } })
const folder = mkdtempSync(join(tmpdir(), 'chainon-fhir-'))
const lines: string[] = []
const say = (line = '') => {
  lines.push(line)
  process.stdout.write(`${line}\n`)
}

interface Tally {
  resources: number
  records: number
  mapped: number
  readonly refused: Map<string, number>
  readonly altered: Map<string, number>
  readonly left: Map<string, number>
}

let wrong = 0
try {
  const archive =
    flags.package ??
    join(folder, execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: folder, encoding: 'utf8' }).trim())
  execFileSync('tar', ['xzf', archive, '-C', folder])
  await measure(join(folder, 'package'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (flags.save !== undefined) writeFileSync(flags.save, `${lines.join('\n')}\n`)
if (wrong > 0) process.exitCode = 1

async function measure(path: string): Promise<void> {
  const files = readdirSync(path).filter((name) => name.endsWith('.json') && name !== 'package.json')
  const resources = files.map((name) => readFileSync(join(path, name)))
  const parsed = resources.map((body) => JSON.parse(body.toString()) as Record<string, unknown>)
  const now = Date.now()
  say(`${new Date(now).toISOString()}  ${machine()}`)
  say('npm run fhir:examples')
  say(`${PACKAGE}: ${files.length} resources`)
  // Some are larger than a record may be; a knowledge base is none.
  const body = Buffer.from(parsed.map((one) => JSON.stringify(one)).join('\n'))
  report('each as a line of one body, as a bulk export sends it', compareAll(await openLines(body, now, LIMITS)))
  const bundles = parsed.filter(({ type }) => ['transaction', 'batch', 'collection'].includes(String(type)))
  const others = parsed.filter(
    ({ resourceType, type }) => resourceType === 'Bundle' && !bundles.some((one) => one.type === type),
  )
  const compared = []
  for (const one of bundles)
    compared.push(...compareAll(await openBundle(Buffer.from(JSON.stringify(one)), now, LIMITS)))
  say()
  say(`Bundles of another type than transaction, batch and collection, refused as a whole: ${others.length}`)
  report(`the entries of ${bundles.length} Bundles`, compared)
}

function report(
  title: string,
  compared: readonly (Compared & { readonly resource: Record<string, unknown> | undefined })[],
): void {
  const byType = new Map<string, Tally>()
  for (const { altered, left, records, refused, resource } of compared) {
    const type = String(resource?.resourceType)
    const name = MAPPED_RESOURCES.includes(type) ? type : 'others'
    const tally = byType.get(name) ?? {
      resources: 0,
      records: 0,
      mapped: 0,
      refused: new Map(),
      altered: new Map(),
      left: new Map(),
    }
    byType.set(name, tally)
    tally.resources++
    tally.records += records.length
    if (refused.length === 0) tally.mapped++
    for (const [counts, found] of [
      [tally.refused, refused],
      [tally.altered, altered],
      [tally.left, left],
    ] as const)
      for (const one of found) counts.set(one, (counts.get(one) ?? 0) + 1)
    wrong += altered.length + (records.length + refused.length === 0 ? 1 : 0)
  }
  say()
  say(`## ${title}`)
  const counted = (counts: ReadonlyMap<string, number>) =>
    [...counts]
      .toSorted(([, a], [, b]) => b - a)
      .map(([what, number]) => `${what} ${number}`)
      .join(', ')
  say(
    table(
      ['resource', 'number', 'mapped whole', 'records', 'refused by reason', 'altered'],
      [...byType].map(([type, { resources, mapped, records, refused, altered }]) => [
        type,
        String(resources),
        String(mapped),
        String(records),
        counted(refused),
        counted(altered) || '0',
      ]),
    ),
  )
  say()
  say(
    'Of what is mapped, in no record and counted as unmapped by no element (a choice between several, or words beside a code):',
  )
  for (const [type, { left }] of byType) if (left.size > 0) say(`${type}: ${counted(left)}`)
}
