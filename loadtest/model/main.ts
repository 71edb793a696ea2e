/**
 * `node loadtest/model/main.ts [--only path,blocks,final,offsets,partitions] [--records 20000]
 * [--partitions 4,64,256] [--wait 500] [--rows 1000000,4000000] [--out file]`: the constants of
 * MODEL.md, measured on a stack of its own. Each section stands alone and takes less than four minutes on an idle machine.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startStack } from '../../deploy/local/stack.ts'
import { machine } from '../machine.ts'
import { runOnce } from '../processes.ts'
import { measureBlocks } from './blocks.ts'
import { measureFinal } from './final.ts'
import { measureOffsets } from './offsets.ts'
import { measurePartitions } from './partitions.ts'
import { measurePath } from './path.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: 'path,blocks,final,offsets,partitions' },
    records: { type: 'string', default: '20000' },
    partitions: { type: 'string', default: '4,64,256' },
    wait: { type: 'string', default: '500' },
    rows: { type: 'string', default: '1000000,4000000' },
    out: { type: 'string' },
  },
})
const wanted = new Set(flags.only.split(','))
const folder = mkdtempSync(join(tmpdir(), 'chainon-model-'))
const results: Record<string, unknown> = {
  command: `node loadtest/model/main.ts --only ${flags.only} --records ${flags.records} --rows ${flags.rows} --partitions ${flags.partitions} --wait ${flags.wait}`,
  date: new Date().toISOString(),
  machine: machine(),
  load_average_before: loadavg()[0],
}
const stack = await startStack({ dataDir: join(folder, 'data'), ports: 'auto', services: 'none', env: process.env })
try {
  const env = { ...process.env, ...stack.env }
  await runOnce(['services/provision/main.ts'], env)
  if (wanted.has('path')) results.path = await measurePath(stack, env, folder, Number(flags.records))
  if (wanted.has('blocks')) results.blocks = await measureBlocks(env)
  if (wanted.has('final')) results.final = await measureFinal(env, flags.rows.split(',').map(Number))
  if (wanted.has('partitions'))
    results.partitions = await measurePartitions(env, folder, flags.partitions.split(',').map(Number), flags.wait)
  if (wanted.has('offsets')) results.offsets = await measureOffsets(env)
} finally {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
}
results.load_average_after = loadavg()[0]
const text = `${JSON.stringify(results, null, 2)}\n`
if (flags.out) writeFileSync(flags.out, text)
process.stdout.write(text)
