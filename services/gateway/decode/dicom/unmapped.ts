/** Elements that no mapping reads: they are left out, and counted by their tag, never in silence. */
import type { Dataset } from '#core/dicom/dataset.ts'
import { IMAGING } from './imaging.ts'
import { tagOf } from './values.ts'

/** What decides how the file is read; group lengths are of the file, too. */
const STRUCTURE = ['(0008,0005)', '(0008,0201)', '(0010,0021)', '(0010,0024)']
const READ: ReadonlySet<string> = new Set([
  ...STRUCTURE,
  ...Object.values(IMAGING).flatMap(({ from }) => from.flatMap((path) => path.split('>')[0] ?? [])),
])

/** Groups of the standard before waveforms and pixels (PS3.6). A sender may invent others. */
const GROUPS: ReadonlySet<string> = new Set(
  (
    '0008 0010 0012 0014 0016 0018 0020 0022 0024 0028 0032 0034 0038 003A 0040 0042 0044 0046 0048 0050 0052 0054 0060 0062 0064 0066 0068 006A 0070 0072 ' +
    '0074 0076 0078 0080 0082 0088 0100 0400 2000 2010 2020 2030 2040 2050 2100 2110 2120 2130 2200 3002 3004 3006 3008 300A 300C 300E 3010 4000 4008 4010 5200'
  ).split(' '),
)

/** @returns `(0018,9305)` of each element with a value that no mapping reads; `private` for one of a vendor, `other` for one of no known group */
export function* unmappedElements({ elements }: Dataset): Generator<string> {
  for (const [key, { length }] of Object.entries(elements)) {
    const tag = tagOf(key)
    if (length === 0 || READ.has(tag) || tag.endsWith(',0000)')) continue
    const group = tag.slice(1, 5)
    if (Number.parseInt(group, 16) % 2 === 1) yield 'private'
    else yield GROUPS.has(group) ? tag : 'other'
  }
}
