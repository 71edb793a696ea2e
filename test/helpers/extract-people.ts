/** The persons of the extraction's tests: linked, corrected, cancelled, outside the period. */
import { p2, type TestWarehouse } from './extract-warehouse.ts'

const DAY = '10:00:00.123'

/**
 * Persons 0-4 are patients of both hospitals, and have their diagnosis at hospital B only; 5-14 are patients of A with a
 * diagnosis; 18's diagnosis was corrected to diabetes. Not in the cohort: 15 cancelled, 16 corrected to another diagnosis, 17 outside
 * the period, 19 hypertension, 20 only cancelled records. 14 has an old O24.
 */
export async function fillPeople(into: TestWarehouse): Promise<void> {
  const numbers = Array.from({ length: 20 }, (_, i) => i)
  const both = [0, 1, 2, 3, 4]
  for (const i of both) {
    await into.link(`a${i}`, `pn_shared_person_${i}`, 'ins', 1)
    // First a separate person, then linked: the highest version is in force.
    await into.link(`b${i}`, `pn_alone_${i}`, 'establishment-ipp', 1)
    await into.link(`b${i}`, `pn_shared_person_${i}`, i < 3 ? 'ins' : 'traits', 2)
  }
  const sources = [...numbers.map((i) => ({ i, site: 'a' })), ...both.map((i) => ({ i, site: 'b' }))]
  const of = (i: number, site: string) => ({
    patient_id: p2(`${site}${i}`),
    _producer: site === 'a' ? 'chu-a' : 'clinic b\tsouth',
  })
  await into.insert('patient', [
    ...sources.map(({ i, site }) => ({
      ...of(i, site),
      record_id: p2(`patient ${site}${i}`),
      sex: i % 2 ? 'male' : 'female',
      birth_month: `${1940 + i}-05-01`,
      residence_department: ['69', '2A', '974', '021', null][i % 5],
      updated_at: `2015-01-01 ${DAY}`,
    })),
    {
      ...of(20, 'a'),
      record_id: p2('patient a20'),
      sex: 'male',
      updated_at: `2020-02-02 ${DAY}`,
      operation: 'cancel',
      _deleted: 1,
    },
  ])
  const diagnosis = (i: number, site: string, code: string, more: Readonly<Record<string, unknown>> = {}) => ({
    ...of(i, site),
    record_id: p2(`diagnosis ${i}`),
    encounter_id: i % 2 ? p2(`stay ${site}${i}`) : null,
    code_system: 'cim10',
    code,
    kind: 'principal',
    recorded_at: `2020-06-15 ${DAY}`,
    onset_on: '1931-12-24',
    ...more,
  })
  await into.insert('diagnosis', [
    ...both.map((i) => diagnosis(i, 'b', 'E119')),
    ...numbers.slice(5, 17).map((i) => diagnosis(i, 'a', 'E119')),
    diagnosis(17, 'a', 'E119', { recorded_at: '2021-01-01 00:00:00.000' }),
    diagnosis(18, 'a', 'J45'),
    diagnosis(19, 'a', 'I10'),
    diagnosis(14, 'a', 'O244', { record_id: p2('old'), recorded_at: `2010-01-01 ${DAY}` }),
    diagnosis(5, 'a', 'E11\'; DROP -- {p0:String} \\ "', {
      record_id: p2('strange'),
      recorded_at: '2020-01-01 00:00:00.000',
    }),
    diagnosis(20, 'a', 'E119'),
  ])
  // Corrections and cancellations are inserted later, in separate blocks.
  await into.insert('diagnosis', [
    diagnosis(15, 'a', 'E119', { operation: 'cancel', _deleted: 1, _version: '18446744073709551616' }),
    diagnosis(16, 'a', 'J45', { _version: '18446744073709551616' }),
    diagnosis(18, 'a', 'E110', { _version: '18446744073709551616' }),
    diagnosis(20, 'a', 'E119', { operation: 'cancel', _deleted: 1, _version: '18446744073709551616' }),
  ])
  const observation = (i: number, site: string, n: number, more: Readonly<Record<string, unknown>> = {}) => ({
    ...of(i, site),
    record_id: p2(`observation ${site}${i} ${n}`),
    encounter_id: p2(`stay ${site}${i}`),
    code_system: 'loinc',
    code: '4548-4',
    effective_at: n < 2 ? `2020-0${n + 1}-01 ${DAY}` : `2019-12-31 23:59:59.999`,
    value_number: 0.1 + i + n / 7,
    value_unit: 'µmol/L "x"',
    _flags: n === 0 ? ['loinc-key', "it's"] : [],
    ...more,
  })
  await into.insert(
    'observation',
    sources.flatMap(({ i, site }) => [0, 1, 2, 3].map((n) => observation(i, site, n))),
  )
  await into.insert(
    'observation',
    sources.map(({ i, site }) => observation(i, site, 3, { _deleted: 1, operation: 'cancel', _version: '1' })),
  )
  await into.insert('death', [
    {
      ...of(7, 'a'),
      record_id: p2('death 7'),
      sex: 'male',
      died_on: '2020-11-17',
      death_department: '69',
      cause_code: 'I219',
    },
    {
      ...of(8, 'a'),
      record_id: p2('death 8'),
      sex: 'male',
      died_on: '2021-01-01',
      death_department: '69',
      cause_code: 'I219',
    },
  ])
}
