/** RFC 9457 problems of the console. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
}

export function problem(status: number, code: string, detail: string): Problem {
  return { type: `urn:chainon:problem:${code}`, title: code, status, detail }
}
