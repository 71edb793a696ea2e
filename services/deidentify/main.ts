/** The only process that sees both zones: it reads identities and writes pseudonyms. */
import { runMain } from '#core/process/run-main.ts'
import { startDeidentify } from './app.ts'
import { deidentifyConfig } from './config.ts'

runMain('deidentify', process.env, async (logger) => startDeidentify(deidentifyConfig(process.env), logger))
