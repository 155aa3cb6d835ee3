import swagger from '@fastify/swagger'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import { problemDocument } from '#protocol/problem.ts'
import type { Auth } from '#server/auth/auth.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import type { Records } from '#server/store/records.ts'
import type { Store } from '#server/store/store.ts'
import { type CallerOptions, type Callers, createCallers } from './caller.ts'
import type { IsTrusted } from './client-address.ts'
import type { MetricsReader } from './metrics-reader.ts'
import { replyWithProblem } from './problem-reply.ts'
import { requestIdOf, workOnBehalf } from './request-origin.ts'
import { authRoutes } from './routes/auth.ts'
import { channelRoutes } from './routes/channels.ts'
import { clientRoutes } from './routes/clients.ts'
import { consoleRoutes, isVisit } from './routes/console.ts'
import { deviceRoutes } from './routes/devices.ts'
import { enrolmentRoutes } from './routes/enrolments.ts'
import { keyRoutes } from './routes/keys.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { secondFactorRoutes } from './routes/second-factor.ts'
import { serverApiRoutes } from './routes/server-api.ts'
import { sessionRoutes } from './routes/session.ts'
import { setupRoutes } from './routes/setup.ts'
import { starRoutes } from './routes/stars.ts'
import { statusRoutes } from './routes/status.ts'
import { subscriptionTokenRoutes } from './routes/subscription-tokens.ts'
import { userRoutes } from './routes/users.ts'
import { websocketRoutes } from './routes/websocket.ts'

/** What the routes work with. */
export interface HttpParts extends Pick<CallerOptions, 'isLocal' | 'isTrustedOrigin'> {
  readonly auth: Auth
  readonly realtime: Realtime
  readonly store: Store
  readonly records: Records
  readonly metrics: MetricsReader
  /** Whether anybody may read the metrics. */
  readonly metricsArePublic: boolean
  /** Whether what the nodes share answers; found out within a second. */
  readonly isEngineUp: () => Promise<boolean>
  /** Proxies that are believed where a request comes from. */
  readonly isTrustedProxy: IsTrusted
  readonly version: string
  readonly baseUrl: string
  /** The built console, or null when this installation has none. */
  readonly consoleFolder: string | null
  readonly log: Logger
}

/** Registers the routes of one resource. */
export type Routes = (app: App, parts: HttpParts & { readonly callers: Callers }) => void | Promise<void>
export type App = ReturnType<typeof typed>

/** Largest request body, in bytes: a publication of 64 KiB, escaped. */
const bodyLimit = 128 * 1024

/** The HTTP API and the console, ready to be given requests through `routing`. */
export async function createHttpApp(parts: HttpParts): Promise<FastifyInstance> {
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
  app.decorate('isTrustedProxy', parts.isTrustedProxy)
  app.setErrorHandler(replyWithProblem)
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const methods = app.supportedMethods.filter((method) => app.hasRoute({ method, url: path }))
    if (methods.length > 0) {
      const detail = `Send a ${methods.filter((method) => method !== 'HEAD').join(' or ')} request.`
      const document = problemDocument('method_not_allowed', detail)
      return reply.code(405).header('allow', methods.join(', ')).type('application/problem+json').send(document)
    }
    if (parts.consoleFolder !== null && isVisit(request)) return reply.redirect('/')
    const detail = `There is nothing at ${request.method} ${path}. The API is described at /openapi.json.`
    reply.code(404).type('application/problem+json').send(problemDocument('not_found', detail))
  })
  const shared = { ...parts, callers: createCallers(parts) }
  workOnBehalf(app, parts.isTrustedProxy)
  app.addHook('onSend', async (request, reply) => {
    for (const cookie of shared.callers.renewedCookies(request)) reply.header('set-cookie', cookie)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'no-referrer')
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
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
  sessionRoutes,
  subscriptionTokenRoutes,
  userRoutes,
  passwordRoutes,
  secondFactorRoutes,
  keyRoutes,
  enrolmentRoutes,
  deviceRoutes,
  clientRoutes,
  channelRoutes,
  starRoutes,
  serverApiRoutes,
  consoleRoutes,
]

function typed(app: FastifyInstance) {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  return app.withTypeProvider<ZodTypeProvider>()
}
