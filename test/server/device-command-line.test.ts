import { expect, onTestFinished, test } from 'vitest'
import type { DeviceCommand } from '#protocol/device-commands.ts'
import { connectDevice, enrolDevice } from '../support/played-device.ts'
import { signIn, startServerProcess } from '../support/server-process.ts'

async function start() {
  const server = await startServerProcess()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const { token } = await signIn(server, 'olga@example.org', 'operator')
  return { server, device: await enrolDevice(server, token, 'lobby-1') }
}

test('a command is sent, waited for, and ends as the screen says', async () => {
  const { server, device } = await start()
  const off = await server.cli(['command', 'reload', '--device', 'lobby-1'])
  expect(off).toEqual({ code: 0, output: expect.stringMatching(/^Sent reload to lobby-1\. It is offline and gets it/) })

  const played = await connectDevice(server, device)
  onTestFinished(() => played[Symbol.dispose]())
  played.client.getSubscription('commands:lobby-1')?.on('publication', ({ data }) => {
    const { id, command } = data as DeviceCommand
    const end = { state: 'done', code: null, message: 'Done.' }
    const results: Readonly<Record<string, object>> = {
      diagnostics: { ...end, value: { pages: 3 } },
      reboot: { state: 'refused', code: 'not_possible', message: 'This app may not restart the computer.' },
    }
    void played.client.rpc('device.result', { id, ...(results[command] ?? end) })
  })
  expect(await server.cli(['command', 'identify', '--device', 'lobby-1', '--arg', 'seconds=3', '--wait'])).toEqual({
    ...{ code: 0, output: 'lobby-1: identify is done. Done.\n' },
  })
  const report = await server.cli(['command', 'diagnostics', '--device', 'lobby-1', '--wait'])
  expect({ ...report, output: JSON.parse(report.output) }).toEqual({ code: 0, output: { pages: 3 } })
  expect(await server.cli(['command', 'reboot', '--device', 'lobby-1', '--wait'])).toEqual({
    code: 1,
    output: 'carillon: lobby-1 refused reboot. This app may not restart the computer. [not_possible]\n',
  })
  const { code, output } = await server.cli(['command', 'reboot', '--device', 'lobby-1', '--wait', '--json'])
  expect([code, JSON.parse(output)]).toMatchObject([1, { state: 'refused', code: 'not_possible' }])

  const fault = { phase: 'recovering', since: new Date().toISOString(), url: null, fault: 'blank_frame', message: null }
  await played.client.rpc('device.report', { shell: { ...fault, restarts: 1 }, health: null })
  expect(await server.cli(['devices'])).toEqual({ code: 0, output: expect.stringMatching(/recovering: blank_frame/) })
}, 90_000)

test('without an answer the command says that nobody knows', async () => {
  const { server } = await start()
  const waited = server.cli(['command', 'reload', '--device', 'lobby-1', '--expires-in', '5s', '--wait'])
  expect(await waited).toEqual({
    ...{ code: 1, output: expect.stringMatching(/did not answer in time\. .* \[command_no_answer\]\n$/) },
  })
}, 60_000)

test('what is wrong is said before anything is sent', async () => {
  const { server, device } = await start()
  const cli = (...args: string[]) => server.cli(['command', ...args])
  const wrong = { code: 2, output: expect.stringMatching(/\[(bad_\w+|usage)\]\n$/) }
  expect(await cli('dance', '--device', 'lobby-1')).toEqual(wrong)
  expect(await cli('show', '--device', 'lobby-1', '--arg', 'url=signs')).toEqual(wrong)
  expect(await cli('reload', '--device', 'lobby-1', '--expires-in', '8d')).toEqual(wrong)
  expect(await cli('reload')).toEqual(wrong)
  expect(await cli('reload', '--device', 'lobby-9')).toMatchObject({
    ...{ code: 1, output: expect.stringMatching(/\[unknown_device\]/) },
  })
  expect(await cli('display', '--device', 'lobby-1', '--arg', 'on=true', '--dry-run')).toEqual({
    ...{ code: 0, output: 'Would send display {"on":true} to lobby-1, which is offline.\n' },
  })
  const { output } = await cli('reload', '--device', 'lobby-1', '--idempotency-key', 'k', '--json')
  expect(JSON.parse((await cli('reload', '--device', 'lobby-1', '--idempotency-key', 'k', '--json')).output)).toEqual(
    JSON.parse(output),
  )
  const { body } = await server.api('GET', `/api/v1/devices/${device.id}/commands`, {
    headers: { authorization: `Bearer ${(await signIn(server, 'anna@example.org', 'admin')).token}` },
  })
  expect((body as { items: unknown[] }).items).toHaveLength(1)
}, 90_000)
