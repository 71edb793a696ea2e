/** The version of Chainon, which is written in package.json only. */
import packageJson from '../../package.json' with { type: 'json' }

/** Shown by `chainon --version`, in `/openapi.json` and in the manifest of an extraction. */
export const VERSION: string = packageJson.version
