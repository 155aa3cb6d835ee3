import { expect, test } from 'vitest'
import { queueViews } from './queue-views.ts'

const records = {
  queues: async () => [
    { name: 'celery', waiting: 2, running: 1, oldestAt: null },
    { name: 'reports', waiting: 3, running: 0, oldestAt: null },
  ],
}

test('what others have put into a queue counts, and queues of others are shown while something waits in them', async () => {
  const depths = async () =>
    new Map([
      ['celery', 7],
      ['reports', 0],
      ['mail', 4],
      ['empty', 0],
    ])
  expect(await queueViews(records, { depths })).toMatchObject([
    { name: 'celery', waiting: 7, running: 1 },
    { name: 'reports', waiting: 3 },
    { name: 'mail', waiting: 4, running: 0 },
  ])
})

test('without the message broker the records say how it stands', async () => {
  const depths = () => Promise.reject(new Error('RabbitMQ is away'))
  expect(await queueViews(records, { depths })).toMatchObject(await records.queues())
  expect(await queueViews(records, null)).toMatchObject(await records.queues())
})
