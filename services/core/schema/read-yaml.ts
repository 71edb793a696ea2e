/** YAML 1.2 that people write, before it is read strictly (`read.ts`). */
import { LineCounter, parseDocument } from 'yaml'
import type { Place } from './place.ts'

/** @returns the value; undefined when it cannot be read, which is reported with the line and never with a value */
export function readYaml(text: string, file: Place): unknown {
  const lines = new LineCounter()
  const document = parseDocument(text, { schema: 'core', lineCounter: lines, prettyErrors: false })
  // Only the kind of error: the parser's own text quotes the file.
  for (const error of document.errors)
    file.say(`line ${lines.linePos(error.pos[0]).line}: the YAML cannot be read (${error.code})`)
  if (document.errors.length > 0) return undefined
  try {
    return document.toJS({ maxAliasCount: 50 })
  } catch {
    return file.say('the YAML has too many aliases')
  }
}
