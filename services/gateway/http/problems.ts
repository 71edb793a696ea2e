/** Answers every error with a problem: those of the gateway, those of Fastify, and requests that are not HTTP. */
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FAULTS } from '#core/faults/codes.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import type { ProblemCode } from '#core/gateway-api/problem.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { FHIR_TYPE, operationOutcomeOf, PROBLEM_TYPE, ProblemError, problemOf, retryAfterSeconds } from '../problem.ts'

/** Most bytes that are read and discarded so that a client that is still sending receives the answer. */
const DRAIN_BYTES = 64 * 1024 * 1024

export function installProblems(app: FastifyInstance, logger: Logger): void {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/:[A-Za-z]+/g, '[^/]+')}$`)
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
    return sendProblem(request, reply, problem.problemCode, problem.detail)
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
): FastifyReply {
  const problem = problemOf(code, detail, { instance: `urn:chainon:request:${request.id}` })
  const retryAfter = retryAfterSeconds(code)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="chainon"')
  if (code === 'unsupported-encoding') reply.header('accept-encoding', 'gzip, identity')
  if (!request.raw.complete) drain(request)
  return wantsOutcome(request)
    ? reply
        .code(problem.status)
        .type(FHIR_TYPE)
        .send(JSON.stringify(operationOutcomeOf(problem)))
    : reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

/** True on the FHIR endpoint when the client lists `application/fhir+json` among what it accepts. */
export function wantsOutcome(request: FastifyRequest): boolean {
  return request.url.startsWith('/fhir/') && (request.headers.accept ?? '').includes(MEDIA.fhir)
}

/**
 * The answer may be sent before the body is read. Closing at once would reset the connection and lose the answer, so the rest
 * is read and discarded, up to a bound.
 */
function drain({ raw }: FastifyRequest): void {
  let bytes = 0
  raw.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > DRAIN_BYTES) raw.socket.destroy()
  })
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

/** Bytes that are not HTTP, or a request that takes too long: answered on the socket itself. */
export function clientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, reason] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'Request Timeout']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large']
        : [400, 'Bad Request']
  const body = JSON.stringify({ ...problemOf('malformed-body', 'The request is not readable HTTP.'), status })
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
