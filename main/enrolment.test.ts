import { expect, test, vi } from 'vitest'
import type { EnrolmentAnswer, EnrolmentTokenAnswer } from '#protocol/devices.ts'
import { enrol } from './enrolment.ts'
import { ServerError, type ServerErrorCode } from './server-error.ts'

const approved: EnrolmentTokenAnswer = {
  token: 'secret',
  expiresAt: '2030-01-01T00:00:00Z',
  device: { id: 'd1', name: 'lobby-1' },
}

test('a kiosk polls until its code is approved', async () => {
  const { run, codes, polls } = build(['authorization_pending', 'authorization_pending', approved])
  expect(await run()).toEqual(approved)
  expect(codes).toEqual(['CODE-1'])
  expect(polls).toHaveLength(3)
})

test('a server that says slow down is asked five seconds less often', async () => {
  const { run, polls } = build(['slow_down', 'authorization_pending', approved], { second: 20 })
  await run()
  const gap = (index: number) => (polls[index]?.at ?? 0) - (polls[index - 1]?.at ?? 0)
  expect(gap(1)).toBeGreaterThanOrEqual(6 * 20 - 2)
  expect(gap(2)).toBeGreaterThanOrEqual(6 * 20 - 2)
})

test.each(['expired_token', 'bad_request', 'unknown_code'] as const)('after %s there is a new code', async (code) => {
  const { run, codes, polls, notices } = build([code, approved])
  expect(await run()).toEqual(approved)
  expect(codes).toEqual(['CODE-1', 'CODE-2'])
  expect(polls.map(({ deviceCode }) => deviceCode)).toEqual(['device-1', 'device-2'])
  expect(notices).toEqual([])
})

test('a refusal is said, and then there is a new code', async () => {
  const { run, codes, notices } = build(['access_denied', approved])
  expect(await run()).toEqual(approved)
  expect(notices).toEqual([expect.stringContaining('refused')])
  expect(codes).toEqual(['CODE-1', 'CODE-2'])
})

test('a code that nobody approves is replaced when its time is over, even if the server says nothing of it', async () => {
  const { run, codes } = build([...Array<'authorization_pending'>(200).fill('authorization_pending')], {
    expiresIn: 20,
  })
  const controller = new AbortController()
  const running = run(controller.signal).catch((error: unknown) => error)
  await vi.waitFor(() => expect(codes).toEqual(['CODE-1', 'CODE-2']))
  controller.abort(new Error('over'))
  expect(await running).toEqual(new Error('over'))
})

test('a server that goes away meanwhile is waited for, and the same code is shown again', async () => {
  const { run, codes, troubles } = build([
    'authorization_pending',
    'server_unreachable',
    'server_unreachable',
    'authorization_pending',
    approved,
  ])
  expect(await run()).toEqual(approved)
  expect(codes).toEqual(['CODE-1', 'CODE-1'])
  expect(troubles).toEqual(['server_unreachable', 'server_unreachable'])
})

test('a server that cannot be asked for a code is asked again and again', async () => {
  const { run, codes, troubles } = build([approved], { down: 3 })
  expect(await run()).toEqual(approved)
  expect(troubles).toHaveLength(3)
  expect(codes).toEqual(['CODE-1'])
})

type Answer = ServerErrorCode | EnrolmentTokenAnswer

function build(answers: Answer[], { second = 2, expiresIn = 900, down = 0 } = {}) {
  const codes: string[] = []
  const notices: string[] = []
  const troubles: string[] = []
  const polls: { readonly at: number; readonly deviceCode: string }[] = []
  let given = 0
  const api = {
    check: async () => {
      if (down-- > 0) throw new ServerError('server_unreachable', 'Nothing listens.')
      return { name: 'carillon', version: '0', setUp: true } as const
    },
    enrol: async (): Promise<EnrolmentAnswer> => {
      given++
      return {
        device_code: `device-${given}`,
        user_code: `CODE-${given}`,
        verification_uri: 'http://x/enrol',
        verification_uri_complete: `http://x/enrol?code=CODE-${given}`,
        expires_in: expiresIn,
        interval: 1,
      }
    },
    enrolmentToken: async (deviceCode: string) => {
      polls.push({ at: Date.now(), deviceCode })
      const answer = answers.shift() ?? approved
      if (typeof answer === 'string') throw new ServerError(answer, `${answer}.`)
      return answer
    },
  }
  const run = (signal: AbortSignal = new AbortController().signal) =>
    enrol({
      api,
      request: { hostname: 'h', version: '0', platform: 'p' },
      signal,
      second,
      onCode: ({ user_code }) => void codes.push(user_code),
      onUnreachable: ({ code }) => void troubles.push(code),
      onNotice: (message) => void notices.push(message),
    })
  return { run, codes, notices, troubles, polls }
}
