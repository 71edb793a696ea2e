/** The pseudonymised zone's worker: links, validates, loads. It never sees an identity. */
import { runMain } from '#core/process/run-main.ts'
import { startCurate } from './app.ts'
import { curateConfig } from './config.ts'

runMain('curate', process.env, async (logger) => startCurate(curateConfig(process.env), process.env, logger))
