/** Links records by the encodings of their identities: which are of one person. It sees no identity and no medical fact. */
import { runMain } from '#core/process/run-main.ts'
import { startLinker } from './app.ts'
import { linkerConfig } from './config.ts'

runMain('linker', process.env, async (logger) => startLinker(linkerConfig(process.env), process.env, logger))
