import { expect, test } from 'vitest'
import { readArguments } from './arguments.ts'

test('without switches the app is a desktop and knows no server', () => {
  expect(readArguments([], {})).toEqual({
    ...{ mode: 'desktop', server: null, userDataDir: null, windowed: false },
    ...{ credentialStorage: 'keychain', reboot: null },
  })
})

test('a kiosk takes its server and folder from switches, in both spellings', () => {
  const expected = {
    ...{ mode: 'kiosk', server: 'http://box:8750', userDataDir: '/tmp/k', windowed: true },
    ...{ credentialStorage: 'keychain', reboot: null },
  }
  expect(readArguments(['--kiosk', '--windowed', '--server=http://box:8750', '--user-data-dir=/tmp/k'], {})).toEqual(
    expected,
  )
  expect(
    readArguments(['--kiosk', '--windowed', '--server', 'http://box:8750', '--user-data-dir', '/tmp/k'], {}),
  ).toEqual(expected)
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

test('a keychain is worth a file only where somebody says so', () => {
  expect(readArguments(['--credential-storage', 'file'], {}).credentialStorage).toBe('file')
  expect(readArguments(['--credential-storage=safe'], {}).credentialStorage).toBe('keychain')
})
