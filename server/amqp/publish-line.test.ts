import type { ConfirmChannel, Message } from 'amqplib'
import { expect, test, vi } from 'vitest'
import { createLine, type LineOptions } from './publish-line.ts'

const channel = {} as ConfirmChannel

/** A line whose messages are answered by the test, in the order in which they were sent. */
function lineOf(options: Partial<LineOptions> = {}) {
  const answers: ((error: Error | null) => void)[] = []
  const line = createLine({
    ...{ window: 2, maxWaiting: 4, maxWaitingBytes: 100, timeoutMs: 1_000 },
    send(_waiting, answer) {
      answers.push(answer)
      return channel
    },
    ...options,
  })
  return { line, answers }
}

function message(text: string, routingKey = 'q') {
  return { exchange: '', routingKey, content: Buffer.from(text) }
}

test('no more are on their way than the window takes, and the next goes when one is answered', async () => {
  const { line, answers } = lineOf()
  const published = ['a', 'b', 'c'].map((text) => line.add(message(text)))
  expect(answers.length).toBe(2)
  answers[0]?.(null)
  expect(answers.length).toBe(3)
  for (const answer of answers.slice(1)) answer(null)
  await Promise.all(published)
  expect(line.size()).toBe(0)
})

test('a full line says so, by number and by size', async () => {
  const { line } = lineOf()
  for (const text of ['a', 'b', 'c', 'd']) void line.add(message(text))
  await expect(line.add(message('e'))).rejects.toMatchObject({ code: 'full' })
  const { line: other } = lineOf()
  void other.add(message('x'.repeat(90)))
  await expect(other.add(message('x'.repeat(20)))).rejects.toMatchObject({ code: 'full' })
})

test('one that is too large for any line still goes when it is alone', () => {
  const { line, answers } = lineOf()
  void line.add(message('x'.repeat(1000)))
  expect(answers.length).toBe(1)
})

test('what is not answered in time holds its place until it is', async () => {
  vi.useFakeTimers()
  try {
    const { line, answers } = lineOf()
    const codes = ['a', 'b', 'c'].map((text) => line.add(message(text)).catch((error) => error.code))
    vi.advanceTimersByTime(1_001)
    expect(await Promise.all(codes)).toEqual(['silent', 'silent', 'away'])
    const next = line.add(message('d'))
    expect(answers.length).toBe(2)
    answers[0]?.(null)
    expect(answers.length).toBe(3)
    answers[2]?.(null)
    await next
  } finally {
    vi.useRealTimers()
  }
})

test('the one that was given back fails, and not another with the same name', async () => {
  const { line, answers } = lineOf()
  const outcomes = Promise.allSettled([line.add(message('a')), line.add(message('b'))])
  line.returned(channel, { fields: { exchange: '', routingKey: 'q' }, content: Buffer.from('b') } as Message)
  for (const answer of answers) answer(null)
  const [first, second] = await outcomes
  expect(first.status).toBe('fulfilled')
  expect(second).toMatchObject({ reason: { code: 'unroutable', message: expect.stringContaining('no queue q') } })
})

test('when the channel ends, what was sent is unknown and what was not has not been done', async () => {
  const { line } = lineOf()
  const outcomes = Promise.allSettled(['a', 'b', 'c'].map((text) => line.add(message(text))))
  line.fail('away')
  expect((await outcomes).map((each) => each.status === 'rejected' && each.reason.code)).toEqual([
    'silent',
    'silent',
    'away',
  ])
  await line.idle(1_000)
})
