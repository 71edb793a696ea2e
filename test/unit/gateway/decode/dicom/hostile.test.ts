/** Files that are cut, nested, blown up or no DICOM: a reasoned refusal, and never more memory than the bound. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import dicomParser from 'dicom-parser'
import { expect, test } from 'vitest'
import { readDataset } from '#core/dicom/dataset.ts'
import { dicomFile, SYNTAX, slice } from '../../../../helpers/dicom-file.ts'
import { outcome } from './files.ts'

const MAX = 100_000
const faultOf = (file: Buffer) => outcome([{ file }]).refused

test('a file that ends anywhere is refused, or lacks only what is not read', () => {
  const file = dicomFile({ ...slice(), '(0008,1140)': ['SQ', [{ '(0008,1150)': ['UI', '1.2.3'] }]] })
  const pixels = file.indexOf('pixels!!') - 12
  for (let end = 0; end < pixels; end++) {
    const { records, refused } = outcome([{ file: file.subarray(0, end) }])
    // Between two elements nothing says that there are more.
    expect([end, records.length + refused.length]).toEqual([end, 1])
    for (const one of refused) expect(one).toMatch(/^(?:\(\w{4},\w{4}\) required|malformed-dicom)$/)
  }
})

test.each<[string, Buffer, string]>([
  ['nothing', Buffer.alloc(0), 'malformed-dicom'],
  ['a picture', Buffer.alloc(4000, 0x89), 'malformed-dicom'],
  ['only the head of a file', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]), 'malformed-dicom'],
  [
    'a syntax of a vendor',
    dicomFile(slice(), { syntax: '1.2.840.113619.5.2' }),
    '(0002,0010) unsupported-transfer-syntax',
  ],
  [
    'elements that are larger than the bound',
    dicomFile({ ...slice(), '(0008,0300)': ['OB', Buffer.alloc(MAX)] }),
    'record-too-large',
  ],
  [
    'elements that are inflated beyond the bound',
    Buffer.concat([
      dicomFile({}, { syntax: SYNTAX.deflated }).subarray(0, -2),
      deflateRawSync(Buffer.alloc(50_000_000)),
    ]),
    'record-too-large',
  ],
  ['a tag twice', Buffer.concat([dicomFile({ '(0008,0060)': ['CS', 'CT'] }), element()]), 'malformed-dicom'],
])('%s is refused', (_what, file, refusal) => {
  expect(faultOf(file)).toEqual([refusal])
})

function element(): Buffer {
  return Buffer.concat([Buffer.from([8, 0, 0x60, 0]), Buffer.from('CS'), Buffer.from([2, 0]), Buffer.from('MR')])
}

test('sequences in sequences are refused where the stack does not hold them', () => {
  const head = dicomFile({}, { syntax: SYNTAX.implicit })
  const level = Buffer.from('08004011ffffffff' + 'feff00e0ffffffff', 'hex')
  const deep = Buffer.concat([head, ...Array.from({ length: 100_000 }, () => level)])
  expect(outcome([{ file: deep }], { maxBytes: deep.length }).refused).toEqual(['malformed-dicom'])
})

test('the elements are those that the library finds', () => {
  // It begins an inflated file at its preamble, and finds elements there that are none.
  const { deflated: _deflated, ...others } = SYNTAX
  for (const syntax of Object.values(others)) {
    const file = dicomFile(slice(), { syntax })
    const ours = readDataset(file, MAX)
    if ('fault' in ours) throw new Error('not read')
    const theirs = dicomParser.parseDicom(file)
    const tags = Object.keys(theirs.elements).filter((tag) => tag > 'x0003' && tag < 'x7fe')
    expect(Object.keys(ours.elements)).toEqual(tags.toSorted())
    for (const tag of tags) {
      const { dataOffset, length } = theirs.elements[tag] as { dataOffset: number; length: number }
      const own = ours.elements[tag] as { dataOffset: number; length: number }
      const bytes = Buffer.from(theirs.byteArray).subarray(dataOffset, dataOffset + length)
      expect(ours.bytes.subarray(own.dataOffset, own.dataOffset + own.length)).toEqual(bytes)
    }
  }
})

/** A third reader, where this machine has it. */
const hasPydicom = spawnSync('python3', ['-c', 'import pydicom']).status === 0
const READ = `
import pydicom, sys
for path in sys.argv[1:]:
    d = pydicom.dcmread(path)
    print(d.PatientID, d.Rows, d.PixelSpacing[1], d.StudyDescription, d.file_meta.TransferSyntaxUID)
`

test('the files are DICOM for pydicom, too', { timeout: 60_000 }, ({ skip }) => {
  if (!hasPydicom) skip('pydicom is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'chainon-dicom-'))
  try {
    const syntaxes = Object.values(SYNTAX)
    const paths = syntaxes.map((syntax) => join(folder, `${syntax}.dcm`))
    for (const [i, path] of paths.entries())
      writeFileSync(path, dicomFile(slice(), { syntax: syntaxes[i] ?? '', undefinedLengths: true }))
    const env = { ...process.env, PYTHONIOENCODING: 'utf-8' }
    const said = execFileSync('python3', ['-c', READ, ...paths], { encoding: 'utf8', env })
    expect(said.trim().split('\n')).toEqual(syntaxes.map((syntax) => `8000123 2 0.8 TDM thorax injecté ${syntax}`))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
