import type { IncomingMessage } from 'node:http'
import swagger from '@fastify/swagger'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import { z } from 'zod'
import { problemDocument } from '#protocol/problem.ts'
import type { Role } from '#protocol/roles.ts'
import { sentenceOf } from '#protocol/sentences.ts'
import type { Auth } from '#server/auth/auth.ts'
import type { Fleet } from '#server/fleet/fleet.ts'
import type { PaneCodes } from '#server/fleet/pane-codes.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import type { Records } from '#server/store/records.ts'
import type { Store } from '#server/store/store.ts'
import type { TaskDesk } from '#server/tasks/task-desk.ts'
import { type CallerOptions, type Callers, createCallers } from './caller.ts'
import { callerFirst } from './caller-first.ts'
import type { IsTrusted } from './client-address.ts'
import { type CrossSiteOptions, createCrossSiteGuard } from './cross-site.ts'
import type { MetricsReader } from './metrics-reader.ts'
import { replyWithProblem } from './problem-reply.ts'
import { recordRefusal } from './record-refusal.ts'
import { requestIdOf, workOnBehalf } from './request-origin.ts'
import { retryAfterOf } from './retry-after.ts'
import { noteRoutes, type RouteTable } from './route-table.ts'
import { auditRoutes } from './routes/audit.ts'
import { authRoutes } from './routes/auth.ts'
import { channelRoutes } from './routes/channels.ts'
import { clientRoutes } from './routes/clients.ts'
import { type ConsolePage, consoleRoutes, isVisit, readConsole, sendConsole } from './routes/console.ts'
import { deviceCommandRoutes } from './routes/device-commands.ts'
import { deviceSelfRoutes } from './routes/device-self.ts'
import { deviceRoutes } from './routes/devices.ts'
import { enrolmentRoutes } from './routes/enrolments.ts'
import { keyRoutes } from './routes/keys.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { oauthRoutes } from './routes/oauth.ts'
import { paneCodeRoutes } from './routes/pane-codes.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { screenshotRoutes } from './routes/screenshots.ts'
import { secondFactorRoutes } from './routes/second-factor.ts'
import { serverApiRoutes } from './routes/server-api.ts'
import { sessionRoutes } from './routes/session.ts'
import { ownSessionRoutes } from './routes/sessions.ts'
import { setupRoutes } from './routes/setup.ts'
import { starRoutes } from './routes/stars.ts'
import { statusRoutes } from './routes/status.ts'
import { subscriptionTokenRoutes } from './routes/subscription-tokens.ts'
import { taskRoutes } from './routes/tasks.ts'
import { userRoutes } from './routes/users.ts'
import { websocketRoutes } from './routes/websocket.ts'

/** What the routes work with. */
export interface HttpParts extends Pick<CallerOptions, 'isLocal'>, CrossSiteOptions {
  readonly auth: Auth
  readonly realtime: Realtime
  readonly tasks: TaskDesk
  readonly fleet: Fleet
  readonly paneCodes: PaneCodes
  readonly store: Store
  readonly records: Records
  readonly metrics: MetricsReader
  /** Who may register OAuth clients. */
  readonly oauthClientRoles: readonly Role[]
  /** Whether anybody may read the metrics. */
  readonly metricsArePublic: boolean
  /** Whether what the nodes share answers; found out within a second. */
  readonly isEngineUp: () => Promise<boolean>
  /** How it stands with RabbitMQ; null where there is none. */
  readonly rabbitMqState: (() => 'up' | 'away' | 'blocked') | null
  /** Proxies that are believed what they call a request. */
  readonly isTrustedProxy: IsTrusted
  /** Where a request comes from, trusted proxies seen through. */
  readonly addressOf: (request: IncomingMessage) => string
  readonly version: string
  readonly baseUrl: string
  /** The address that it listens on; null where none. */
  readonly listensAt: () => string | null
  /** The built console, or null when this installation has none. */
  readonly consoleFolder: string | null
  readonly log: Logger
}

export interface RouteParts extends HttpParts {
  readonly callers: Callers
  /** The page that draws all of the console; null when it is not built. */
  readonly consolePage: ConsolePage | null
}

/** Registers the routes of one resource. */
export type Routes = (app: App, parts: RouteParts) => void | Promise<void>
export type App = ReturnType<typeof typed>

/** Largest request body, in bytes, where a route says nothing else. */
const bodyLimit = 16 * 1024

/** The HTTP API and the console, ready to be given requests through `routing`. */
export async function createHttpApp(parts: HttpParts): Promise<FastifyInstance> {
  // Where a schema has no sentence of its own.
  z.config({ customError: sentenceOf })
  const app = typed(
    fastify({
      loggerInstance: parts.log as FastifyBaseLogger,
      bodyLimit,
      genReqId: (request) => requestIdOf(request, parts.isTrustedProxy),
      frameworkErrors: replyWithProblem,
      logController: new LogController({ disableRequestLogging: true }),
      routerOptions: { maxParamLength: 300 },
    }),
  )
  const table = noteRoutes(app)
  const consolePage = await readConsole(parts.consoleFolder)
  app.decorate('addressOf', parts.addressOf)
  app.decorate('routeTable', table)
  const shared = { ...parts, consolePage, callers: createCallers(parts) }
  app.setErrorHandler(async (thrown: Error, request, reply) => {
    const error = await callerFirst(shared.callers, request, thrown)
    await recordRefusal(parts.auth.audit, request, error)
    replyWithProblem(error, request, reply)
    return reply
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const methods = table.methodsAt(path)
    if (methods.length > 0) {
      const detail = `Send a ${methods.filter((method) => method !== 'HEAD').join(' or ')} request.`
      const document = problemDocument('method_not_allowed', detail)
      return reply.code(405).header('allow', methods.join(', ')).type('application/problem+json').send(document)
    }
    if (consolePage !== null && isVisit(request)) return sendConsole(reply.code(404), consolePage)
    const detail = `There is nothing at ${request.method} ${path}. The API is described at /openapi.json.`
    reply.code(404).type('application/problem+json').send(problemDocument('not_found', detail))
  })
  workOnBehalf(app, parts.addressOf)
  app.addHook('onRequest', createCrossSiteGuard(parts))
  app.addHook('onSend', async (request, reply) => {
    for (const cookie of shared.callers.renewedCookies(request)) reply.header('set-cookie', cookie)
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    const retryAfter = retryAfterOf(null, reply.statusCode)
    if (retryAfter !== null && !reply.hasHeader('retry-after')) reply.header('retry-after', retryAfter)
  })
  await app.register(swagger, {
    openapi: {
      info: { title: 'Carillon', version: parts.version, description: 'One small server that rings every screen.' },
    },
    transform: jsonSchemaTransform,
  })
  for (const routes of resources) {
    await app.register(async (scope) => routes(typed(scope), shared))
  }
  await app.ready()
  return app
}

const resources: readonly Routes[] = [
  statusRoutes,
  websocketRoutes,
  metricsRoutes,
  setupRoutes,
  authRoutes,
  oauthRoutes,
  sessionRoutes,
  ownSessionRoutes,
  subscriptionTokenRoutes,
  userRoutes,
  passwordRoutes,
  secondFactorRoutes,
  keyRoutes,
  enrolmentRoutes,
  deviceRoutes,
  deviceSelfRoutes,
  deviceCommandRoutes,
  screenshotRoutes,
  paneCodeRoutes,
  auditRoutes,
  clientRoutes,
  channelRoutes,
  starRoutes,
  taskRoutes,
  serverApiRoutes,
  consoleRoutes,
]

declare module 'fastify' {
  interface FastifyInstance {
    readonly routeTable: RouteTable
  }
}

function typed(app: FastifyInstance) {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  return app.withTypeProvider<ZodTypeProvider>()
}
