/** What the user sees while a file is sent: the progress, and the rejected records by file, line and rule. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'
import { type ProgressView, startProgress } from '#core/terminal/progress.ts'

export interface Report {
  /** @param share read so far, from 0 to 1; undefined when the size is not known */
  progress(file: string, share: number | undefined, accepted: number, rejected: number): void
  rejected(file: string, line: number, error: RecordError): void
  /** Writes a line above the progress. */
  say(text: string): void
  end(): void
}

/**
 * @param shown rejected records that are shown; the others are only counted
 * @param errorsFile receives each rejected record as a line of JSON, when given
 */
export function createReport(shown: number, errorsFile: string | undefined): Report {
  let view: ProgressView = { text: '' }
  let left = shown
  let hidden = 0
  if (errorsFile) guarded(errorsFile, () => writeFileSync(errorsFile, '', { mode: 0o600 }))
  const line = startProgress(() => view)
  return {
    progress(file, share, accepted, rejected) {
      view = { text: `${file}: ${accepted} accepted, ${rejected} rejected`, share }
    },
    rejected(file, place, error) {
      if (errorsFile) {
        const { index: _place, ...named } = error
        guarded(errorsFile, () => appendFileSync(errorsFile, `${JSON.stringify({ file, line: place, ...named })}\n`))
      }
      if (left-- > 0)
        line.say(
          `${file}:${place}  ${error.feed ? `${error.feed} ` : ''}${error.path ?? (error.pointer || '(record)')}  ${error.rule}: ${error.detail}${error.allowed ? ` Allowed: ${error.allowed.join(', ')}.` : ''}`,
        )
      else hidden++
    },
    say: (text) => line.say(text),
    end() {
      // The command's result says what was sent.
      line.stop('')
      if (hidden > 0)
        process.stderr.write(
          `... and ${hidden} more${errorsFile ? `, in ${errorsFile}` : '; --errors FILE writes all of them'}\n`,
        )
    },
  }
}

function guarded(path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw new ConfigurationError('The errors cannot be written', [`${path}: ${errorCode(error)}`])
  }
}
