import { expect, test } from 'vitest'
import { argumentsToRepeat, readArguments, switches } from './arguments.ts'
import { help } from './help.ts'

test('without switches the app is a desktop and knows no server', () => {
  expect(readArguments([], {})).toMatchObject({ mode: 'desktop', server: null, userDataDir: null, windowed: false })
})

test('a kiosk takes its server and folder from switches, in both spellings', () => {
  const expected = { mode: 'kiosk', server: 'http://box:8750', userDataDir: '/tmp/k', windowed: true }
  expect(
    readArguments(['--kiosk', '--windowed', '--server=http://box:8750', '--user-data-dir=/tmp/k'], {}),
  ).toMatchObject(expected)
  expect(
    readArguments(['--kiosk', '--windowed', '--server', 'http://box:8750', '--user-data-dir', '/tmp/k'], {}),
  ).toMatchObject(expected)
})

test('the switch wins over the environment', () => {
  expect(readArguments([], { CARILLON_SERVER: 'http://a' }).server).toBe('http://a')
  expect(readArguments(['--server', 'http://b'], { CARILLON_SERVER: 'http://a' }).server).toBe('http://b')
})

test('switches of Chromium and Electron are left alone', () => {
  expect(readArguments(['--no-sandbox', '--inspect=0', '--remote-debugging-port=0', '--kiosk', '/app'], {}).mode).toBe(
    'kiosk',
  )
})

test.each([
  [['--allow-reboot'], ['systemctl', 'reboot']],
  [
    ['--allow-reboot', '--reboot-command=doas  /sbin/reboot -f'],
    ['doas', '/sbin/reboot', '-f'],
  ],
  [
    ['--allow-reboot', '--reboot-command= '],
    ['systemctl', 'reboot'],
  ],
  [['--reboot-command=reboot'], null],
])('%j makes of rebooting from afar %j', (args, expected) => {
  expect(readArguments(args, {}).reboot).toEqual(expected)
})

test('a kiosk is told when it is begun anew; what names no times is none', () => {
  expect(readArguments(['--restart-window', '23:00-01:30'], {}).restartWindow).toBe('23:00-01:30')
  for (const none of [['--restart-window=off'], ['--restart-window=3-5'], []]) {
    expect(readArguments(none, {}).restartWindow).toBeNull()
  }
})

test('a keychain is worth a file only where somebody says so', () => {
  expect(readArguments(['--credential-storage', 'file'], {}).credentialStorage).toBe('file')
  expect(readArguments(['--credential-storage=safe'], {}).credentialStorage).toBe('keychain')
})

test('a kiosk may be given origins and limits; what is no number is none', () => {
  const given = ['--kiosk', '--allow=https://a.example', '--allow', 'https://b.example', '--profile=low', '--pointer']
  expect(
    readArguments([...given, '--memory-ceiling=250', '--load-timeout=soon', '--heartbeat=/run/beat'], {}),
  ).toMatchObject({
    allow: ['https://a.example', 'https://b.example'],
    profile: 'low',
    memoryCeiling: 250,
    loadTimeout: null,
    pinchZoom: false,
    pointer: true,
    heartbeat: '/run/beat',
  })
  expect(readArguments(['--kiosk', '--profile=tiny'], {})).toMatchObject({ allow: [], profile: null })
})

test.each([
  ['75', 75],
  ['0', null],
  ['256', null],
  ['7.5', null],
  ['again', null],
  [undefined, null],
])('whoever opens the app again after exit code %j is believed as far as it is one', (given, expected) => {
  expect(readArguments([], { CARILLON_RESTART_CODE: given }).restartCode).toBe(expected)
})

test('arguments of a further run keep their values, wherever switches are moved to', () => {
  const given = [
    '/app',
    '--kiosk',
    '--server',
    'http://box:8750',
    '--allow=https://a.example',
    '--reboot-command',
    'doas r',
  ]
  const again = argumentsToRepeat(given)
  expect(again).toEqual([
    ...['/app', '--kiosk', '--server=http://box:8750', '--allow=https://a.example', '--reboot-command=doas r'],
  ])
  expect(readArguments([...again.slice(1), '/app'], {})).toEqual(readArguments(given, {}))
  expect(argumentsToRepeat(['--server'])).toEqual(['--server'])
})

test.each(Object.keys(switches))('the help tells of --%s', (name) => {
  expect(help).toMatch(new RegExp(`^  --${name}\\b`, 'm'))
})
