import { expect, test } from 'vitest'
import { findViolations, type Import } from './import-rules.ts'

function ours(from: string, to: string, typeOnly = false): Import {
  return { from, to, ours: true, typeOnly }
}

function theirs(from: string, to: string): Import {
  return { from, to, ours: false, typeOnly: false }
}

const allowed: Import[] = [
  ours('server/http/routes.ts', 'protocol/api.ts'),
  ours('server/realtime/hub.ts', 'server/broker/broker.ts'),
  ours('server/broker.ts', 'server/config.ts'),
  ours('server/cli/serve.ts', 'server/main.ts'),
  ours('server/main.ts', 'server/cli/program.ts'),
  ours('main/chime.ts', 'native/chime.ts'),
  ours('server/cli/commands/doctor.ts', 'native/load-native.ts'),
  ours('renderer/desktop/app.tsx', 'renderer/parts/list.tsx'),
  ours('test/desktop.test.ts', 'server/compose.ts'),
  ours('server/realtime/hub.test.ts', 'test/support/clock.ts'),
  ours('server/cli/version.ts', 'package.json'),
  theirs('preload/preload.ts', 'electron'),
  theirs('main/keychain.ts', 'node:os'),
  theirs('renderer/desktop/app.tsx', '@mantine/core'),
]

test.each(allowed)('$from may import $to', (one) => {
  expect(findViolations([one])).toEqual([])
})

const refused: Import[] = [
  ours('protocol/frames.ts', 'server/hub.ts'),
  ours('native/chime.ts', 'protocol/frames.ts'),
  ours('renderer/desktop/app.tsx', 'main/link.ts', true),
  ours('preload/preload.ts', 'main/ipc.ts'),
  ours('server/hub.ts', 'main/link.ts'),
  ours('server/http/routes.ts', 'native/load-native.ts'),
  ours('main/link.ts', 'server/compose.ts'),
  ours('main/link.ts', 'test/support/clock.ts'),
  ours('server/broker/broker.ts', 'server/realtime/hub.ts'),
  ours('server/http/routes.ts', 'server/main.ts'),
  ours('server/misc/helpers.ts', 'server/config.ts'),
  ours('server/cli/serve.ts', 'server/misc/helpers.ts'),
  ours('shared/thing.ts', 'protocol/frames.ts'),
  theirs('renderer/desktop/app.tsx', 'electron'),
  theirs('renderer/console/app.tsx', 'node:fs'),
  theirs('renderer/kiosk/app.tsx', '@mantine/core'),
  theirs('protocol/frames.ts', 'node:crypto'),
  theirs('preload/preload.ts', 'zod'),
  theirs('server/main.ts', 'electron'),
]

test.each(refused)('$from must not import $to', (one) => {
  expect(findViolations([one])).toEqual([expect.stringContaining(`${one.from} must not import ${one.to}: `)])
})

test('a cycle is named once, file by file', () => {
  const cycle = [
    ours('server/auth/a.ts', 'server/auth/b.ts'),
    ours('server/auth/b.ts', 'server/auth/c.ts'),
    ours('server/auth/c.ts', 'server/auth/a.ts'),
  ]
  expect(findViolations(cycle)).toEqual([
    'import cycle: server/auth/a.ts -> server/auth/b.ts -> server/auth/c.ts -> server/auth/a.ts',
  ])
})

test('types that refer to each other are no cycle', () => {
  const pair = [ours('server/auth/a.ts', 'server/auth/b.ts'), ours('server/auth/b.ts', 'server/auth/a.ts', true)]
  expect(findViolations(pair)).toEqual([])
})
