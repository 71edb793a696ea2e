/** docs/formats/dicom.md is what the mapping does (`npx vitest run --project unit test/unit/gateway/decode/dicom/page -u` writes it). */
import { expect, test } from 'vitest'
import { IMAGING } from '../../../../../services/gateway/decode/dicom/imaging.ts'
import { slice } from '../../../../helpers/dicom-file.ts'
import { contractOf } from '../../harness.ts'
import { ofSlice } from './files.ts'
import { page } from './page.ts'

test('the page is current', async () => {
  const { records, refused, unmapped } = ofSlice()
  expect(refused).toEqual([])
  const example = Object.entries(slice()).map(([tag, [vr, value]]) => `${tag} ${vr} ${String(value)}`)
  await expect(page(example.join('\n'), records[0] ?? {}, unmapped)).toMatchFileSnapshot(
    '../../../../../docs/formats/dicom.md',
  )
})

test('the mapping has every field of the feed, and no other', () => {
  expect(Object.keys(IMAGING)).toEqual(contractOf('imaging').fields.map(({ name }) => name))
})
