import { randomUUID } from 'node:crypto'
import type { Role } from '#protocol/roles.ts'
import { type TaskRequest, taskRequest } from '#protocol/tasks.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { TaskDefinition } from './definition.ts'
import type { Definitions } from './definitions/load-definitions.ts'
import { argumentsSentence, parseArguments } from './definitions/task-arguments.ts'
import { nearestNames } from './nearest-names.ts'
import { queueOf } from './queue-of.ts'
import type { NewTask } from './records/task-submissions.ts'
import { TaskRefusal } from './task-refusal.ts'
import type { TaskTransport } from './transport.ts'

export interface SubmissionRules {
  /** What is to be written for it. Whose it is decides who may submit it; null is the server itself, which may. */
  newTask(given: TaskRequest, by: Submitter): NewTask
  rolesOf(definition: TaskDefinition | undefined): readonly Role[]
  queueOf(name: string): string
  knownNames(): ReadonlySet<string>
}

export interface Submitter {
  readonly identity: Identity | null
  readonly owner: NewTask['owner']
  readonly parentId?: string
  readonly schedule?: string
}

export interface SubmissionRuleOptions {
  readonly definitions: Definitions
  readonly settings: TaskSettings
  readonly transport: TaskTransport | null
  readonly clock: () => number
}

/** Characters of JSON. More belongs into a file, or where the task can fetch it. */
const maxArguments = 256 * 1024

export function createSubmissionRules({
  definitions,
  settings,
  transport,
  clock,
}: SubmissionRuleOptions): SubmissionRules {
  const remote = new Set(settings.remote)

  function knownNames(): ReadonlySet<string> {
    return new Set([...definitions.byName.keys(), ...(transport === null ? [] : [...remote, ...transport.names()])])
  }

  /** Undefined where workers out there know it and this server does not. */
  function definitionOf(name: string): TaskDefinition | undefined {
    const definition = definitions.byName.get(name)
    if (definition !== undefined) return definition
    if (transport !== null && (remote.has(name) || transport.knows(name))) return undefined
    const near = nearestNames(name, knownNames())
    const meant = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`
    throw new TaskRefusal('unknown_task', `There is no task ${name}.${meant}`)
  }

  return {
    rolesOf,
    queueOf: (name) => queueOf(name, definitions, settings),
    knownNames,
    newTask(given, { identity, owner, parentId = null, schedule = null }) {
      const request = checked(given)
      const definition = definitionOf(request.name)
      const priority = request.priority ?? definition?.priority ?? 0
      checkRole(identity, definition, request.name, priority)
      const args = argumentsText(request.args, definition)
      const place = transport === null || definition?.place === 'server' ? 'server' : 'broker'
      if (place === 'server' && settings.concurrency === 0) {
        const sentence = 'This server carries out no tasks (tasks.concurrency is 0). Set it to 1 or more.'
        throw new TaskRefusal('unavailable', sentence)
      }
      const now = clock()
      const startAt = request.eta === undefined ? now + (request.countdown ?? 0) * 1000 : Date.parse(request.eta)
      return {
        id: request.id ?? randomUUID(),
        name: request.name,
        owner,
        queue: request.queue ?? queueOf(request.name, definitions, settings),
        priority,
        place,
        args,
        startAt: Math.max(now, startAt),
        expiresAt: request.expires === undefined ? null : now + request.expires * 1000,
        keepSeconds: Math.ceil(definition?.keep ?? settings.keep),
        parentId,
        schedule,
      }
    },
  }
}

function checked(given: TaskRequest) {
  const parsed = taskRequest.safeParse(given)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  throw badArguments(errors)
}

function rolesOf(definition: TaskDefinition | undefined): readonly Role[] {
  return definition?.roles ?? ['admin', 'operator']
}

/** What a key or a service with a token may do at all is decided where it comes in. */
function checkRole(identity: Identity | null, definition: TaskDefinition | undefined, name: string, priority: number) {
  if (identity === null) return
  const roles = rolesOf(definition)
  if (!roles.includes(identity.role)) {
    throw new TaskRefusal('forbidden', `${name} needs the role ${roles.join(' or ')}; yours is ${identity.role}.`)
  }
  if (priority > (definition?.priority ?? 0) && identity.role !== 'admin' && identity.role !== 'operator') {
    throw new TaskRefusal(
      'forbidden',
      'Only administrators and operators put a task before others. Leave priority out.',
    )
  }
}

function argumentsText(args: Parameters<typeof parseArguments>[1], definition: TaskDefinition | undefined): string {
  if (definition !== undefined) {
    const parsed = parseArguments(definition, args)
    if (!parsed.ok) throw badArguments(parsed.errors)
  }
  const text = JSON.stringify(args)
  if (text.length <= maxArguments) return text
  const sentence = `The arguments are ${text.length} characters of JSON, and may have ${maxArguments}. Pass on where the rest is.`
  throw new TaskRefusal('bad_arguments', sentence)
}

function badArguments(errors: TaskRefusal['errors']): TaskRefusal {
  return new TaskRefusal('bad_arguments', argumentsSentence(errors.slice(0, 5)), { errors })
}
