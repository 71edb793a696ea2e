/** The basic profile of PS3.15 on whole files. What is written is read by dicom-parser, which has not written it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import dicomParser, { type DataSet } from 'dicom-parser'
import { describe, expect, onTestFinished, test } from 'vitest'
import { deidentifyFile } from '../../../../services/deidentify/dicom/deidentify-file.ts'
import { dicomFile, type Elements, type FileOptions, SYNTAX, slice, type Value } from '../../../helpers/dicom-file.ts'

const REPLACEMENT = {
  uid: (uid: string) => `2.25.${BigInt(`0x${hash('sha256', uid).slice(0, 30)}`)}`,
  patientId: 'PSEUDO',
  days: -10,
}

function cleaned(elements: Elements, options?: FileOptions, by = REPLACEMENT): Buffer {
  const result = deidentifyFile(dicomFile(elements, options), by)
  if ('reason' in result) throw new Error(result.reason)
  return Buffer.concat(result.chunks)
}

function parsed(file: Buffer): DataSet {
  return dicomParser.parseDicom(file, {
    inflater: (bytes: Uint8Array, at: number) => {
      const rest = inflateRawSync(bytes.subarray(at))
      return new Uint8Array(Buffer.concat([bytes.subarray(0, at), rest]))
    },
  } as never)
}

const person: Elements = {
  '(0008,0080)': ['LO', 'CHU CANARYINST'],
  '(0008,0090)': ['PN', 'CANARYREF^JEAN'],
  '(0008,1110)': ['SQ', [{ '(0008,1155)': ['UI', '1.2.3.99'] }]],
  '(0008,1140)': [
    'SQ',
    [
      {
        '(0008,1150)': ['UI', '1.2.840.10008.5.1.4.1.1.2'],
        '(0008,1155)': ['UI', '1.2.826.0.1.3680043.8.498.1'],
        '(0009,1001)': ['LO', 'CANARYPRIVATE'],
        '(0010,0010)': ['PN', 'CANARYNESTED'],
      },
    ],
  ],
  '(0009,1001)': ['LO', 'CANARYPRIVATE'],
  '(0009,1002)': ['SQ', [{ '(0010,0010)': ['PN', 'CANARYHIDDEN'] }]],
  '(0010,4000)': ['LT', 'CANARYCOMMENT'],
  '(0018,0081)': ['DS', '4.5'],
  '(0018,1012)': ['DA', '20250131'],
  '(0018,1014)': ['TM', '101112'],
  '(0032,4000)': ['LT', 'CANARYSTUDY'],
  '(0040,A124)': ['UI', '1.2.3.4'],
  '(6000,3000)': ['OW', Buffer.from('CANARYOVERLAY')],
}

const ENCODINGS = Object.entries(SYNTAX).flatMap(([name, syntax]) =>
  [false, true].map((undefinedLengths) => ({ name, syntax, undefinedLengths })),
)

describe.each(ENCODINGS)('$name, undefined lengths: $undefinedLengths', ({ syntax, undefinedLengths }) => {
  const source = dicomFile(slice(person), { syntax, undefinedLengths })
  source.write('II*\0CANARYPREAMBLE', 0, 'latin1')
  const result = deidentifyFile(source, REPLACEMENT)
  if ('reason' in result) throw new Error(result.reason)
  const file = Buffer.concat(result.chunks)
  const read = parsed(file)

  test('nothing of the person, the hospital or a vendor is in the file, nor in its preamble', () => {
    const plain = syntax === SYNTAX.deflated ? inflateRawSync(file.subarray(dicomStart(file))) : file
    for (const bytes of [file, plain])
      expect(bytes.toString('latin1')).not.toMatch(
        /CANARY|DUPONT|MARIE|8000123|A-2025-7|NDA77|ACME 1|3680043|19790315|injec|Parenchyme/,
      )
    expect(file.subarray(0, 128).every((byte) => byte === 0)).toBe(true)
  })

  test('dates are moved, times are kept, and the file says what was done', () => {
    expect(read.string('x00080020')).toBe('20250122')
    expect(read.string('x00080022')).toBe('20250122')
    expect(read.string('x00080032')).toBe('080102.123456')
    expect(read.string('x00181012')).toBe('20250121')
    expect(read.string('x00120062')).toBe('YES')
    expect(read.string('x00120063')).toMatch(/^Chainon .*PS3.15/)
    expect(read.string('x00280303')).toBe('MODIFIED')
    const codes = read.elements.x00120064?.items?.map(({ dataSet }) => dataSet?.string('x00080100'))
    expect(codes).toEqual(['113100', '113107'])
  })

  test('UIDs are the same wherever they are, and those of the standard are kept', () => {
    const instance = REPLACEMENT.uid('1.2.826.0.1.3680043.8.498.1')
    expect(read.string('x00080018')).toBe(instance)
    expect(read.string('x00020003')).toBe(instance)
    expect(read.string('x00080016')).toBe('1.2.840.10008.5.1.4.1.1.2')
    const [referenced] = read.elements.x00081140?.items ?? []
    expect(referenced?.dataSet?.string('x00081155')).toBe(instance)
    expect(referenced?.dataSet?.string('x00081150')).toBe('1.2.840.10008.5.1.4.1.1.2')
    expect(read.string('x00100020')).toBe('PSEUDO')
    expect(read.elements.x00100010?.length).toBe(0)
    expect(read.elements.x00100030?.length).toBe(0)
  })

  test('pixels and what they need are byte for byte as they were', () => {
    const pixels = read.elements.x7fe00010
    expect(
      Buffer.from(
        read.byteArray.buffer,
        read.byteArray.byteOffset + (pixels?.dataOffset ?? 0),
        pixels?.length,
      ).toString(),
    ).toBe('pixels!!')
    expect([read.uint16('x00280010'), read.uint16('x00280100'), read.string('x00280030')]).toEqual([2, 16, '0.7\\0.8'])
    expect(read.string('x00180081')).toBe('4.5')
  })
})

function dicomStart(file: Buffer): number {
  return 132 + 12 + file.readUInt32LE(132 + 8)
}

test('fragments of compressed pixels are byte for byte as they were', () => {
  const native = dicomFile(slice({ '(7FE0,0010)': ['OB', Buffer.alloc(0)] }), { syntax: '1.2.840.10008.1.2.4.50' })
  const fragments = Buffer.from(
    'fefe00e0'.replace('fefe', 'feff') + '00000000' + 'feff00e0' + '04000000' + 'ffd8ffd9',
    'hex',
  )
  const open = Buffer.from('e07f1000' + '4f420000' + 'ffffffff', 'hex')
  const file = Buffer.concat([
    native.subarray(0, native.length - 12),
    open,
    fragments,
    Buffer.from('feffdde000000000', 'hex'),
  ])
  const result = deidentifyFile(file, REPLACEMENT)
  const written = 'reason' in result ? Buffer.alloc(0) : Buffer.concat(result.chunks)
  expect(written.includes(Buffer.concat([open, fragments]))).toBe(true)
  const cut = deidentifyFile(file.subarray(0, -9), REPLACEMENT)
  expect(cut).toEqual({ reason: 'unreadable' })
})

test('a file that is nested too deeply, or has more elements than any image, is not read', () => {
  const deep = Array.from({ length: 40 }).reduce<Elements>((item) => ({ '(0040,A730)': ['SQ', [item]] }), {})
  expect(deidentifyFile(dicomFile(slice(deep)), REPLACEMENT)).toEqual({ reason: 'unreadable' })
  const items = Buffer.alloc(8 * 500_001)
  for (let at = 0; at < items.length; at += 8) items.write('feff00e0', at, 'hex')
  const head = Buffer.from('00523092' + '53510000', 'hex')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(items.length)
  const { '(7FE0,0010)': _pixels, ...rest } = slice()
  const pixels = Buffer.from('e07f1000' + '4f570000' + '04000000' + '00000000', 'hex')
  const file = (length: Buffer, items: Buffer) => Buffer.concat([dicomFile(rest), head, length, items, pixels])
  expect(deidentifyFile(file(length, items), REPLACEMENT)).toEqual({ reason: 'unreadable' })
  const few = Buffer.alloc(4)
  few.writeUInt32LE(80)
  expect(deidentifyFile(file(few, items.subarray(0, 80)), REPLACEMENT)).toHaveProperty('chunks')
})

test('the same file and the same patient give the same bytes', () => {
  expect(cleaned(slice(person)).equals(cleaned(slice(person)))).toBe(true)
})

test.each<[string, Elements, string]>([
  [
    'an encapsulated PDF',
    slice({ '(0008,0016)': ['UI', '1.2.840.10008.5.1.4.1.1.104.1'], '(0042,0011)': ['OB', Buffer.from('%PDF')] }),
    'document',
  ],
  ['a structured report', slice({ '(0008,0016)': ['UI', '1.2.840.10008.5.1.4.1.1.88.22'] }), 'document'],
  ['a file without pixels', slice({ '(7FE0,0010)': ['UN', Buffer.alloc(0)] }), 'unreadable'],
])('%s is not passed on', (_what, elements, reason) => {
  const { '(7FE0,0010)': _pixels, ...rest } = elements
  const result = deidentifyFile(dicomFile(rest), REPLACEMENT)
  expect(result).toEqual({ reason: reason === 'unreadable' ? 'no-pixels' : reason })
})

/** A value of each representation that shows whether it was kept. */
const VALUES: Readonly<Record<string, Value>> = {
  ...{
    AE: 'CANARY',
    AS: '099Y',
    CS: 'CANARY',
    DA: '19770707',
    DS: '77.5',
    DT: '19770707',
    IS: '7777',
    LO: 'CANARY',
    LT: 'CANARY',
  },
  ...{
    PN: 'CANARY',
    SH: 'CANARY',
    ST: 'CANARY',
    TM: '070707',
    UC: 'CANARY',
    UI: '1.2.77.7',
    UR: 'http://canary',
    UT: 'CANARY',
  },
}

/** UIDs of classes and coding schemes, which vendors and countries have, too. */
const CLASSES = '0008001A 0008001B 00080062 0008010C 0008010D 00080117 00081150 0008115A'.split(' ')

function tableOf(file: string): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(new URL(`../../../../services/deidentify/dicom/${file}`, import.meta.url), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const pairs = lines.flatMap((line) => {
    const [name = '', ...tags] = line.split(' ')
    return tags.map((tag) => [tag, name] as const)
  })
  return new Map([...Map.groupBy(pairs, ([tag]) => tag)].map(([tag, all]) => [tag, all.map(([, name]) => name)]))
}

test('of every element of the standard, at the top and in an item: what the profile names is changed, and no other holds free text, names or dates', () => {
  const dictionary = tableOf('dictionary.txt')
  const profile = tableOf('profile.txt')
  const written = (tag: string) => `(${tag.slice(0, 4)},${tag.slice(4)})`
  const elements: Record<string, readonly [string, Value]> = {}
  for (const [tag, [vr = '']] of dictionary) {
    const value = VALUES[vr]
    if (value !== undefined && tag < '7FE00000') elements[written(tag)] = [vr, value]
  }
  const base = slice()
  const {
    '(0008,0005)': _charset,
    '(0010,0020)': _id,
    ...all
  } = { ...elements, '(0008,0016)': ['UI', '1.2.840.10008.5.1.4.1.1.2'] } as Elements
  const nested = { '(0040,0555)': ['SQ', []], '(0028,9145)': ['SQ', [all]] } as Elements
  const file = parsed(cleaned({ ...base, ...all, ...nested, '(0010,0010)': ['PN', ''] }))
  const item = file.elements.x00289145?.items?.[0]?.dataSet
  const problems: string[] = []
  const seen = { kept: 0, changed: 0 }
  for (const dataset of [file, item])
    for (const [tag, [vr = '']] of dictionary) {
      const given = VALUES[vr]
      const key = `x${tag.toLowerCase()}`
      if (given === undefined || elements[written(tag)] === undefined) continue
      const found = dataset?.string(key)
      const isKept = found === given
      if (isKept) seen.kept++
      else seen.changed++
      const actions = profile.get(tag) ?? []
      const movable = actions.includes('C')
      const allowed =
        actions.length === 0
          ? ['SH', 'LO', 'CS', 'DS', 'IS'].includes(vr) || CLASSES.includes(tag)
          : movable && vr === 'TM'
      if (isKept && !allowed) problems.push(`${tag} ${vr} is kept`)
      if (movable && vr === 'DA' && found !== '19770627') problems.push(`${tag} is not moved: ${found}`)
    }
  expect(problems).toEqual([])
  expect(seen.kept).toBeGreaterThan(1000)
  expect(seen.changed).toBeGreaterThan(1000)
})

test('an element with another representation than that of the standard, or that the standard does not have, is left out', () => {
  const file = cleaned(
    slice({
      '(0018,0060)': ['FD', [1]],
      '(0018,0081)': ['LO', 'CANARY'],
      '(0018,FFF0)': ['DS', '1'],
      '(0010,0024)': ['LO', 'CANARY'],
    }),
  )
  expect(file.toString('latin1')).not.toContain('CANARY')
  expect(parsed(file).elements.x0018fff0).toBeUndefined()
})

test('a text that a system between has written without its representation is the same element', () => {
  const file = parsed(
    cleaned(
      slice({
        '(0008,0018)': ['UN', '1.2.826.0.1.3680043.8.498.1'],
        '(0008,0020)': ['UN', '20250201'],
        '(0010,0030)': ['UN', '19790315'],
        '(0010,4000)': ['UN', 'CANARY'],
        '(0018,0060)': ['UN', '120'],
        '(0028,9145)': ['UN', Buffer.from('feff00e000000000', 'hex')],
      }),
    ),
  )
  expect(file.string('x00080018')).toBe(REPLACEMENT.uid('1.2.826.0.1.3680043.8.498.1'))
  expect([file.string('x00080020'), file.string('x00180060')]).toEqual(['20250122', '120'])
  expect([file.elements.x00100030?.length, file.elements.x00104000, file.elements.x00289145]).toEqual([
    0,
    undefined,
    undefined,
  ])
})

test('an element that repeats a name or a number of the patient is left out, wherever it is', () => {
  const file = cleaned(
    slice({
      '(0018,1160)': ['SH', 'dupont'],
      '(0018,0022)': ['CS', 'FAST'],
      '(0018,0024)': ['SH', 'seq 8000123'],
      '(0020,0062)': ['CS', 'L'],
    }),
  )
  expect(parsed(file).elements.x00181160).toBeUndefined()
  expect(parsed(file).elements.x00180024).toBeUndefined()
  expect(parsed(file).string('x00180022')).toBe('FAST')
})

/** A second implementation, where this machine has it. */
const hasPydicom = spawnSync('python3', ['-c', 'import pydicom']).status === 0
const READ = `
import pydicom, sys
for path in sys.argv[1:]:
    d = pydicom.dcmread(path)
    private = sum(1 for e in d.iterall() if e.tag.is_private)
    same = d.file_meta.MediaStorageSOPInstanceUID == d.SOPInstanceUID == d.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    print(d.PatientIdentityRemoved, d.StudyDate, d.PatientBirthDate == '', private, same, d.PixelData.decode('latin1'), 'CANARY' in str(d))
`

test('pydicom reads the same', { timeout: 60_000 }, ({ skip }) => {
  if (!hasPydicom) skip('pydicom is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'chainon-dicom-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const paths = Object.values(SYNTAX).map((syntax) => join(folder, `${syntax}.dcm`))
  for (const [at, syntax] of Object.values(SYNTAX).entries())
    writeFileSync(paths[at] ?? '', cleaned(slice(person), { syntax }))
  const said = execFileSync('python3', ['-c', READ, ...paths], { encoding: 'utf8' })
  expect(said.trim().split('\n')).toEqual(paths.map(() => 'YES 20250122 True 0 True pixels!! False'))
})
