/** Answers every error with a problem: those of the gateway, those of Fastify, and requests that are not HTTP. */
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FAULTS } from '#core/faults/codes.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import type { ProblemCode } from '#core/gateway-api/problem.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { FHIR_TYPE, outcomeOfProblem } from '../outcome.ts'
import { PROBLEM_TYPE, ProblemError, problemOf, retryAfterSeconds } from '../problem.ts'
import type { Refused } from './observe.ts'

/** Most bytes that are read and discarded so that a client that is still sending receives the answer, and for how long, in all and without any. */
const DRAIN_BYTES = 64 * 1024 * 1024
const DRAIN_MS = 30_000
const DRAIN_SILENT_MS = 1_000
/** A sender reads the answer on the bare socket within this. */
const LINGER_MS = 1_000

export function installProblems(app: FastifyInstance, logger: Logger): void {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const parts = url.split('/').map((part) => {
      const [, among] = /^:[A-Za-z]+(?:\((.*)\))?$/.exec(part) ?? []
      return part.startsWith(':')
        ? among === undefined
          ? '[^/]+'
          : `(?:${among})`
        : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    })
    const pattern = new RegExp(`^${parts.join('/')}$`)
    routes.push({ pattern, methods: Array.isArray(method) ? method : [method] })
  })
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const problem = error instanceof ProblemError ? error : fromFramework(error)
    if (problem.status >= 500) {
      // An unreachable dependency is logged once, where it is detected, and not by each request that fails because of it.
      const log = problem.code === 'bug' ? logger.error.bind(logger) : logger.debug.bind(logger)
      log({
        event: 'request-failed',
        code: problem.code,
        route: request.routeOptions.url,
        err: safeError(problem.cause ?? error),
      })
    }
    return sendProblem(request, reply, problem.problemCode, problem.detail, problem.headers)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods)
    if (methods.length === 0) return sendProblem(request, reply, 'not-found')
    return sendProblem(request, reply.header('allow', [...new Set(methods)].join(', ')), 'method-not-allowed')
  })
}

/** Answers a FHIR client that accepts it with an OperationOutcome, any other client with a problem. */
function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  code: ProblemCode,
  detail: string = FAULTS[code].text,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  const problem = problemOf(code, detail, { instance: `urn:chainon:request:${request.id}` })
  const retryAfter = retryAfterSeconds(code)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  reply.headers(headers)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="chainon"')
  if (code === 'unsupported-encoding') reply.header('accept-encoding', 'gzip, zstd, identity')
  if (!request.raw.complete) drain(request)
  return wantsOutcome(request)
    ? reply
        .code(problem.status)
        .type(FHIR_TYPE)
        .send(JSON.stringify(outcomeOfProblem(problem, 'resources')))
    : reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

/** True on the FHIR endpoint when the client lists `application/fhir+json` among what it accepts. */
export function wantsOutcome(request: FastifyRequest): boolean {
  return request.url.startsWith('/fhir/') && (request.headers.accept ?? '').includes(MEDIA.fhir)
}

/**
 * The answer may be sent before the body is read. Closing at once would reset the connection and lose the answer, so the rest
 * is read and discarded, within bounds of bytes and time.
 */
function drain({ raw }: FastifyRequest): void {
  let bytes = 0
  const destroy = () => void raw.destroy()
  const limit = setTimeout(destroy, DRAIN_MS).unref()
  const silence = setTimeout(destroy, DRAIN_SILENT_MS).unref()
  raw.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    silence.refresh()
    if (bytes > DRAIN_BYTES) destroy()
  })
  const stop = () => {
    clearTimeout(limit)
    clearTimeout(silence)
  }
  raw.once('end', stop)
  raw.once('close', stop)
  raw.resume()
}

/** The status of a Fastify error stays; its message is removed, because it may quote what was sent. */
function fromFramework(error: FastifyError | Error): ProblemError {
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  if (status === 413) return new ProblemError('body-too-large')
  if (status === 415) return new ProblemError('unsupported-media-type')
  if (status === 404) return new ProblemError('not-found')
  if (status >= 400 && status < 500) return new ProblemError('malformed-body', 'The request cannot be read.')
  return new ProblemError('bug', undefined, { cause: error })
}

/** An address that cannot be decoded; Fastify answers these before any hook. */
export function frameworkError(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(request, reply, 'not-found')
}

export interface HeaderLimits {
  /** Milliseconds within which the headers of a request must come, on a new connection and on a kept one. */
  readonly headerMs: number
  readonly bodyMs: number
}

/** Largest headers of a request, in bytes; that of Node. */
export const MAX_HEADER_BYTES = 16_384

/** @returns the answer, on the socket itself, to bytes that are not HTTP and to headers that are too large or too slow; the socket is then closed */
export function clientErrors({ headerMs, bodyMs }: HeaderLimits, refused: Refused) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const [status, reason, detail] = describe(error.code)
    if (status === 408) refused('slow-headers')
    if (status === 431) refused('large-headers')
    const body = JSON.stringify({ ...problemOf('malformed-body', detail), status })
    socket.end(
      `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
    // The sender may keep its side open.
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }
  function describe(code: string | undefined): readonly [status: number, reason: string, detail: string] {
    switch (code) {
      case 'ERR_HTTP_REQUEST_TIMEOUT':
        return [
          408,
          'Request Timeout',
          `The headers of a request must come within ${headerMs / 1000} s, and all of it within ${(headerMs + bodyMs) / 1000} s.`,
        ]
      case 'HPE_HEADER_OVERFLOW':
        return [431, 'Request Header Fields Too Large', `The headers may have ${MAX_HEADER_BYTES} bytes.`]
      default:
        return [400, 'Bad Request', 'The request is not readable HTTP.']
    }
  }
}
