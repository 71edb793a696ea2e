/** What reads the output may end first (`chainon ... | head -1`): no failure, and no place to write a message to. */

/** Ends the process when what reads its output has ended, with the status that it has so far. */
export function endOnClosedPipe(streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit()
    })
}
