/** The description of the machine in a result file. */
import { cpus, totalmem } from 'node:os'

/** @returns for instance `2 cores, 24 GiB, AMD EPYC, Node v24.21.0` */
export function machine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} cores, ${gibibytes} GiB, ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`
}
