import { z } from 'zod'
import { page } from '#protocol/api.ts'
import {
  type TaskDefinitionView,
  type TaskDetail,
  type TaskQueueView,
  type TaskRequest,
  type TaskView,
  type TaskWorkerView,
  taskDefinitionView,
  taskDetail,
  taskQueueView,
  taskView,
  taskWorkerView,
} from '#protocol/tasks.ts'
import type { Ask } from '../ask.ts'
import { queryOf } from '../query-of.ts'
import type { Page } from '../use-list.ts'
import { pageSize, type TaskQuery } from './task-filter.ts'

/** Long work, and who carries it out. Every verb throws `ApiError`. */
export interface TasksApi {
  /** The newest first. */
  list(filter: TaskQuery, cursor: string | null): Promise<Page<TaskView>>
  get(id: string): Promise<TaskDetail>
  submit(request: TaskRequest): Promise<TaskView>
  cancel(id: string): Promise<TaskView>
  /** Answers the new one. */
  retry(id: string): Promise<TaskView>
  /** What one may submit. */
  definitions(): Promise<readonly TaskDefinitionView[]>
  queues(): Promise<readonly TaskQueueView[]>
  workers(): Promise<readonly TaskWorkerView[]>
}

export function createTasksApi(ask: Ask): TasksApi {
  const of = (id: string, action = '') => `/api/v1/tasks/${encodeURIComponent(id)}${action}`
  const all = async <T>(path: string, item: z.ZodType<T>) =>
    (await ask('GET', `/api/v1/${path}`, z.object({ items: z.array(item) }))).items

  return {
    list: (filter, cursor) =>
      ask('GET', `/api/v1/tasks${queryOf({ ...filter, limit: String(pageSize), cursor })}`, page(taskView)),
    get: (id) => ask('GET', of(id), taskDetail),
    submit: (request) => ask('POST', '/api/v1/tasks', taskView, request),
    cancel: (id) => ask('POST', of(id, '/cancel'), taskView, {}),
    retry: (id) => ask('POST', of(id, '/retry'), taskView, {}),
    definitions: () => all('task-definitions', taskDefinitionView),
    queues: () => all('task-queues', taskQueueView),
    workers: () => all('task-workers', taskWorkerView),
  }
}

/** Where a file of a task is read. */
export function fileAddress(id: string, name: string): string {
  return `/api/v1/tasks/${encodeURIComponent(id)}/files/${encodeURIComponent(name)}`
}
