import { describe, expect, test } from 'vitest'
import { localTime } from '#core/contract/local-time.ts'
import { dateForm } from '#core/csv/date-form.ts'

const PARIS = localTime('Europe/Paris')
const at = (form: string, text: string) => {
  const moment = dateForm(form)?.moment(text, PARIS)
  return moment && `${new Date(moment.time).toISOString()} ${moment.precision}`
}

describe('dates in a declared form', () => {
  test.each([
    ['DD/MM/YYYY', '15/03/1979', '1979-03-15'],
    ['MM/DD/YYYY', '03/15/1979', '1979-03-15'],
    ['YYYYMMDD', '19790315', '1979-03-15'],
    ['D.M.YYYY', '5.3.1979', '1979-03-05'],
    ['DD/MM/YYYY', '30/02/2024', undefined],
    ['DD/MM/YYYY', '03/15/1979', undefined],
    ['DD/MM/YYYY', '5/3/1979', undefined],
    ['DD/MM/YYYY', '15/03/1979 ', undefined],
    ['DD.MM.YYYY', '15x03x1979', undefined],
  ])('%s: %s', (form, text, day) => expect(dateForm(form)?.day(text)).toBe(day))

  test.each([
    ['DD/MM/YYYY HH:mm', '06/05/2024 07:08', '2024-05-06T05:08:00.000Z minute'],
    ['DD/MM/YYYY HH:mm:ss', '06/01/2024 07:08:09', '2024-01-06T06:08:09.000Z null'],
    ['DD/MM/YYYY', '06/05/2024', '2024-05-06T00:00:00.000Z day'],
    ['YYYY-MM-DDTHH:mm:ss.fffZ', '2024-05-06T07:08:09.5-05:00', '2024-05-06T12:08:09.500Z null'],
    ['YYYYMMDDHH', '2024050607', '2024-05-06T05:00:00.000Z hour'],
    // The clock skips this hour.
    ['DD/MM/YYYY HH:mm', '31/03/2024 02:30', undefined],
    ['DD/MM/YYYY HH:mm', '06/05/2024 24:00', undefined],
  ])('%s: %s in Paris', (form, text, expected) => expect(at(form, text)).toBe(expected))

  test.each([
    'DD/MM',
    'DD/MM/YY',
    'jj/MM/YYYY',
    'YYYY-MM-DD mm',
    'YYYY-MM-DD HH:ss',
    'YYYY-MM-DD MM',
    'YYYY-MM-DDZ',
    '',
  ])('%s is no form', (form) => expect(dateForm(form)).toBeUndefined())
})
