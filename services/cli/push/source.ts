/** Reads the records of a file one after the other, whatever its format; a file is read as a stream, unless it is one JSON value. */
import { basename } from 'node:path'
import type { FeedContract } from '#core/contract/types.ts'
import { sourcePath } from '#core/csv/convert.ts'
import type { MappingFile } from '#core/csv/mapping-schema.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { avroRecords } from './avro-file.ts'
import { hl7Messages } from './hl7-file.ts'
import { describeReadFailure, type Input, inputOf, unreadable } from './input.ts'
import { jsonValues, ndjsonLines } from './json-files.ts'
import { parquetRecords } from './parquet-file.ts'
import type { SourceRecord } from './source-record.ts'
import { tableFile } from './table-file.ts'

export type SourceFormat = 'ndjson' | 'json' | 'avro' | 'parquet' | 'table' | 'hl7' | 'dicom' | 'pmsi'

export interface Source extends Omit<Input, 'open'> {
  readonly path: string
  readonly format: SourceFormat
  /** What positions in it belong to, where it is no file of this machine. */
  readonly identity?: string
  records(contract: FeedContract | undefined): AsyncGenerator<SourceRecord>
  /** @returns how the file names what a field of the record was read from */
  pathOf(pointer: string): string | undefined
  /** Of files that are sent as one: the file that a record is from, and its line in it. */
  placeOf?(line: number): [file: string, line: number]
}

export interface SourceOptions {
  /** Whatever the name says. */
  readonly format?: SourceFormat
  /** Of delimited files. */
  readonly mapping?: MappingFile
  /** Tells the user what the file has besides its records. */
  readonly say?: (text: string) => void
}

const FORMATS: Readonly<Record<string, SourceFormat>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  avro: 'avro',
  parquet: 'parquet',
  csv: 'table',
  tsv: 'table',
  hl7: 'hl7',
}
const ENDINGS =
  'its name must end in .ndjson, .jsonl, .json, .avro, .csv, .tsv or .hl7, each also with .gz or .zst, or in .parquet'

/** @returns the format that the name of a file says */
export function formatOf(path: string): SourceFormat | undefined {
  const extension = /\.([a-z0-9]+)(?:\.gz|\.zst)?$/.exec(basename(path).toLowerCase())?.[1] ?? ''
  return path === '-' ? 'ndjson' : Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined
}

/**
 * @param path a file, or `-` for NDJSON on standard input
 * @throws ConfigurationError when the file is missing or its name has no known ending
 */
export function openSource(path: string, options: SourceOptions = {}): Source {
  // A file of fixed width has any name.
  const format = options.format ?? formatOf(path) ?? (options.mapping?.positions ? 'table' : undefined)
  if (!format) throw unreadable(path, ENDINGS)
  const { open, ...input } = inputOf(path)
  const { mapping, say = () => undefined } = options
  if (format === 'table' && !mapping) throw unreadable(path, 'it needs --mapping FILE; `chainon map` proposes one')
  const columns = new Map(mapping?.fields.map((source) => [`/${source.field}`, sourcePath(source)]))
  let read = 0
  return {
    ...input,
    read: () => (format === 'parquet' ? read : input.read()),
    path,
    format,
    pathOf: (pointer) => columns.get(pointer),
    async *records(contract) {
      try {
        if (format === 'ndjson') yield* ndjsonLines(open())
        else if (format === 'json') yield* jsonValues(open(), path)
        else if (format === 'avro') yield* avroRecords(open, contract, path)
        else if (format === 'parquet' && contract)
          yield* parquetRecords(path, contract, (part) => {
            read = part * (input.size ?? 0)
          })
        else if (format === 'hl7') yield* hl7Messages(open())
        else if (mapping && contract) yield* tableFile(open(), mapping, contract, path, say)
      } catch (error) {
        throw error instanceof ChainonError
          ? error
          : unreadable(path, describeReadFailure(error as NodeJS.ErrnoException))
      }
    },
  }
}
