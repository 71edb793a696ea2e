/** Keys of a terminal, one at a time and without Enter; or of a pipe or a file, in which white space counts for nothing. */
import type { ReadStream } from 'node:tty'

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/** @returns lower-case characters; `q` for Ctrl-C and Ctrl-D. When it ends, the terminal is as before. */
export async function* readKeys(input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>) {
  if (input.isTTY) input.setRawMode?.(true)
  try {
    for await (const chunk of input)
      for (const key of String(chunk))
        if (key.trim() !== '') yield key === CTRL_C || key === CTRL_D ? 'q' : key.toLowerCase()
  } finally {
    if (input.isTTY) input.setRawMode?.(false)
  }
}
