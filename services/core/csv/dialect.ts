/** What separates the cells of a file. */
import { type Row, type RowForm, rowsOf } from './rows.ts'

export const DELIMITERS = [';', ',', '\t', '|'] as const

const LOOKED_AT = 200

/**
 * @param sample the first bytes of a file, of which ASCII is one byte each
 * @param declared what is known already
 * @returns the delimiter that cuts the rows into the same number of cells, as many as possible; undefined when none cuts them
 */
export async function detectForm(sample: Buffer, declared: Partial<RowForm>): Promise<RowForm | undefined> {
  const lineEnd = !sample.includes(0x0a) && sample.includes(0x0d) ? '\r' : '\n'
  let best: { readonly form: RowForm; readonly score: number; readonly width: number } | undefined
  for (const delimiter of declared.delimiter === undefined ? DELIMITERS : [declared.delimiter]) {
    for (const quotes of declared.quotes === undefined ? [true, false] : [declared.quotes]) {
      const form = { delimiter, quotes, lineEnd } as const
      const rows = await firstRows(sample, form)
      const [header] = rows
      const width = header && header.fault === undefined ? header.cells.length : 0
      if (width < (declared.delimiter === undefined ? 2 : 1)) continue
      const score = rows.filter((row) => row.fault === undefined && row.cells.length === width).length / rows.length
      if (!best || score > best.score || (score === best.score && width > best.width)) best = { form, score, width }
    }
  }
  return best?.form
}

async function firstRows(sample: Buffer, form: RowForm): Promise<readonly Row[]> {
  const rows: Row[] = []
  for await (const row of rowsOf(once(sample), form, sample.length + 1)) if (rows.push(row) > LOOKED_AT) break
  // The sample may end within a row.
  return rows.length > 2 ? rows.slice(0, -1) : rows
}

async function* once(sample: Buffer): AsyncGenerator<Buffer> {
  yield sample
}
