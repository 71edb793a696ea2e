/** One record of a body, decoded but not yet held against its contract; or why it could not be decoded. */
export type Item =
  | { readonly fault?: undefined; readonly raw: unknown }
  | { readonly fault: 'malformed-json' | 'record-too-large' }
