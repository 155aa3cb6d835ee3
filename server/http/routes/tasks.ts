import { open } from 'node:fs/promises'
import { z } from 'zod'
import { page } from '#protocol/api.ts'
import {
  taskDefinitionView,
  taskDetail,
  taskQuery,
  taskQueueView,
  taskRequest,
  taskView,
  taskWorkerView,
} from '#protocol/tasks.ts'
import type { Routes } from '../app.ts'
import { attachment } from '../attachment.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Long work: submitted, followed, cancelled. Who may is the desk's to say. */
export const taskRoutes: Routes = (app, { tasks, callers }) => {
  app.post(
    '/api/v1/tasks',
    {
      schema: {
        summary: 'Submits a task. With an id of your own it is safe to send twice.',
        body: taskRequest,
        response: { 200: taskView.describe('A task with this id was there: this is it.'), 202: taskView },
      },
      bodyLimit: maxRequestBytes,
    },
    async (request, reply) => {
      const by = await callers.signedIn(request, 'services too')
      const { task, isNew } = await tasks.submit(by, request.body)
      return reply
        .code(isNew ? 202 : 200)
        .header('location', `/api/v1/tasks/${task.id}`)
        .send(task)
    },
  )
  app.get(
    '/api/v1/tasks',
    {
      schema: {
        summary: 'Tasks, the newest first: your own, and for operators and administrators all.',
        querystring: taskQuery,
        response: { 200: page(taskView) },
      },
    },
    async (request) => {
      const { items, next } = await tasks.list(await callers.signedIn(request, 'services too'), request.query)
      return { items: [...items], next }
    },
  )
  app.get(
    '/api/v1/tasks/:id',
    {
      schema: {
        summary: 'A task with its arguments, its life and its result.',
        params: byId,
        response: { 200: taskDetail },
      },
    },
    async (request) => tasks.get(await callers.signedIn(request, 'services too'), request.params.id),
  )
  app.post(
    '/api/v1/tasks/:id/cancel',
    {
      schema: {
        summary: 'Cancels a task: at once while it waits; one that runs is asked to end.',
        params: byId,
        response: { 200: taskView },
      },
    },
    async (request) => tasks.cancel(await callers.signedIn(request, 'services too'), request.params.id),
  )
  app.post(
    '/api/v1/tasks/:id/retry',
    {
      schema: {
        summary: 'Submits a task that has ended once more, as a new one.',
        params: byId,
        response: { 202: taskView },
      },
    },
    async (request, reply) => {
      const task = await tasks.retry(await callers.signedIn(request, 'services too'), request.params.id)
      return reply.code(202).header('location', `/api/v1/tasks/${task.id}`).send(task)
    },
  )
  app.get(
    '/api/v1/tasks/:id/files/:name',
    {
      schema: {
        summary: 'A file that a task wrote for its owner.',
        params: byId.extend({ name: z.string().min(1).max(200) }),
      },
    },
    async (request, reply) => {
      const by = await callers.signedIn(request, 'services too')
      const { id, name } = request.params
      const { path, type } = await tasks.file(by, id, name)
      const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT') throw cause
        throw new HttpProblem('not_found', `The file ${name} is no longer kept. Run the task again.`)
      })
      const { size } = await file.stat()
      // Whoever takes nothing of it for so long does not come back.
      reply.raw.setTimeout(idleMs, () => reply.raw.destroy())
      return reply.headers(attachment(name, type)).header('content-length', size).send(file.createReadStream())
    },
  )
  app.get(
    '/api/v1/task-definitions',
    {
      schema: {
        summary: 'The tasks that you may submit, and what they take.',
        response: { 200: page(taskDefinitionView) },
      },
    },
    async (request) => whole(await tasks.definitions(await callers.signedIn(request, 'services too'))),
  )
  app.get(
    '/api/v1/task-queues',
    { schema: { summary: 'What waits in each queue, and since when.', response: { 200: page(taskQueueView) } } },
    async (request) => whole(await tasks.queues(await callers.signedIn(request, 'services too'))),
  )
  app.get(
    '/api/v1/task-workers',
    { schema: { summary: 'Who carries tasks out, and what they run now.', response: { 200: page(taskWorkerView) } } },
    async (request) => whole(await tasks.workers(await callers.signedIn(request, 'services too'))),
  )
}

/** Arguments and what stands around them. */
const maxRequestBytes = 128 * 1024

const idleMs = 60_000

const byId = z.object({ id: z.uuid('Give the id of a task.') })

/** These are few, and in one page. */
function whole<T>(items: readonly T[]) {
  return { items: [...items], next: null }
}
