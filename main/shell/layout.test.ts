import { expect, test } from 'vitest'
import type { KioskState, LinkState } from '#protocol/ipc.ts'
import type { Screen } from '#protocol/screen.ts'
import { type LayoutFacts, layout } from './layout.ts'

const url = 'https://signs.example.org/'
const page: Screen = { kind: 'page', url, receivedAt: 0 }
const offline = { phase: 'offline', since: 0, code: 'connection_lost', message: '' } as const

function enrolled(screen: Screen = page, link: LinkState = { phase: 'online', since: 0 }): KioskState {
  const device = { id: 'd1', name: 'lobby-1' }
  return { phase: 'enrolled', server: 'http://x', device, storage: 'keychain', link, screen, tasks: [] }
}

const showing: LayoutFacts = {
  kiosk: enrolled(),
  content: { url, phase: 'showing' },
  covered: false,
  identifying: false,
  clockTrouble: false,
  now: 60_000,
}

test.each<[string, Partial<LayoutFacts>, string]>([
  ['a page that runs has the whole screen', {}, 'nothing'],
  ['a copy leaves a strip', { content: { url, phase: 'cached' } }, 'strip'],
  ['so does a wrong clock', { clockTrouble: true }, 'strip'],
  ['so does a server that is away', { kiosk: enrolled(page, offline) }, 'strip'],
  ['unless it has only just gone', { kiosk: enrolled(page, offline), now: 9_999 }, 'nothing'],
  ['a message covers it', { kiosk: enrolled({ kind: 'message', message: 'x', receivedAt: 0 }) }, 'all'],
  ['so does the name', { identifying: true }, 'all'],
  ['so does the pane', { covered: true }, 'all'],
  ['a page that is not up yet is not seen', { content: null }, 'all'],
  ['nor is one of before', { content: { url: `${url}old`, phase: 'showing' } }, 'all'],
  ['nor any, once the screen is not approved any more', { kiosk: { phase: 'starting' } }, 'all'],
])('%s', (_, facts, seen) => expect(layout({ ...showing, ...facts })).toBe(seen))
