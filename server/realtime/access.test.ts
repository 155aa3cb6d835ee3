import { describe, expect, test } from 'vitest'
import type { KeyScope } from '#protocol/roles.ts'
import type { Identity, SocketIdentity } from '#server/auth/identity.ts'
import { defaultNamespaces, namespaces } from '#server/config/namespaces.ts'
import { type Action, createAccessRules } from './access.ts'

const rules = createAccessRules({ namespaces: defaultNamespaces })

const person = (role: 'admin' | 'operator' | 'viewer'): Identity => ({
  ...{ kind: 'user', userId: 'ada', sessionId: 's', name: 'Ada', email: 'ada@example.org', role },
})
const kiosk: Identity = {
  ...{
    kind: 'device',
    userId: 'd1',
    sessionId: 's',
    name: 'box-1',
    role: 'device',
    device: { id: 'd1', name: 'box-1' },
  },
}
const key = (...scopes: KeyScope[]): Identity => ({
  ...{ kind: 'key', userId: 'k1', keyId: 'k1', name: 'bell', role: 'viewer', scopes },
})
const grant = (role: 'operator' | 'viewer', ...scopes: KeyScope[]): Identity => ({
  ...{ kind: 'grant', userId: 'ada', grantId: 'g', name: 'Ada', role, scopes, expiresAt: 0 },
  client: { id: 'c', name: 'Dashboards' },
})
const local: Identity = { kind: 'local', userId: 'local', name: 'shell', role: 'admin' }

const decide = (identity: Identity, action: Action, channel: string) => {
  const access = rules.check(identity, action, channel)
  return access.ok ? 'yes' : access.error
}

describe('out of the box', () => {
  test.each<[string, Identity, Action, string, string]>([
    ['a viewer reads news', person('viewer'), 'subscribe', 'news:general', 'yes'],
    ['a viewer does not publish news', person('viewer'), 'publish', 'news:general', 'permissionDenied'],
    ['an operator publishes news', person('operator'), 'publish', 'news:general', 'yes'],
    ['a service reads for a viewer', grant('viewer', 'subscribe'), 'subscribe', 'news:general', 'yes'],
    ['a service publishes for an operator', grant('operator', 'publish'), 'publish', 'news:general', 'yes'],
    [
      'a service cannot do more than a viewer',
      grant('viewer', 'publish'),
      'publish',
      'news:general',
      'permissionDenied',
    ],
    ['nor without the scope', grant('operator', 'subscribe'), 'publish', 'news:general', 'permissionDenied'],
    ['nor read what is the person’s own', grant('operator', 'publish'), 'subscribe', '#ada', 'permissionDenied'],
    ['nor its history', grant('operator', 'publish'), 'history', 'news:general', 'permissionDenied'],
    ['which the scope lets it', grant('viewer', 'subscribe'), 'subscribe', '#ada', 'yes'],
    ['a kiosk reads news', kiosk, 'subscribe', 'news:general', 'yes'],
    ['a kiosk hears its own commands', kiosk, 'subscribe', 'commands:box-1', 'yes'],
    ['a kiosk reads the history of its own commands', kiosk, 'history', 'commands:box-1', 'yes'],
    ['a kiosk hears no other’s commands', kiosk, 'subscribe', 'commands:box-2', 'permissionDenied'],
    ['a kiosk sends no commands', kiosk, 'publish', 'commands:box-1', 'permissionDenied'],
    [
      'a person named like a device does not hear its commands',
      person('viewer'),
      'subscribe',
      'commands:ada',
      'permissionDenied',
    ],
    ['a kiosk reports telemetry', kiosk, 'publish', 'telemetry:box-1', 'yes'],
    ['a kiosk does not listen to telemetry', kiosk, 'subscribe', 'telemetry:box-1', 'permissionDenied'],
    ['an administrator reports no telemetry', person('admin'), 'publish', 'telemetry:x', 'permissionDenied'],
    ['telemetry has no history', person('operator'), 'history', 'telemetry:x', 'notAvailable'],
    ['telemetry has no presence', person('operator'), 'presence', 'telemetry:x', 'notAvailable'],
    [
      'what may not be read is not told to have no history',
      person('viewer'),
      'history',
      'telemetry:x',
      'permissionDenied',
    ],
    ['the local shell does everything', local, 'publish', 'telemetry:x', 'yes'],
    ['the local shell reads personal channels', local, 'subscribe', '#ada', 'yes'],
    ['nobody reaches a channel without namespace', person('admin'), 'subscribe', 'lobby', 'unknownChannel'],
    ['nobody reaches a namespace that is not there', local, 'subscribe', 'weather:today', 'unknownChannel'],
    [
      'a private channel needs a token nobody issues',
      person('admin'),
      'subscribe',
      '$news:general',
      'permissionDenied',
    ],
    ['a name with reserved characters is a bad request', person('admin'), 'subscribe', 'news:*', 'badRequest'],
    ['a name that is too long is a bad request', person('admin'), 'subscribe', `news:${'x'.repeat(251)}`, 'badRequest'],
    ['the longest name is fine', person('admin'), 'subscribe', `news:${'x'.repeat(250)}`, 'yes'],
  ])('%s', (_title, identity, action, channel, expected) => {
    expect(decide(identity, action, channel)).toBe(expected)
  })
})

describe('channels limited to users', () => {
  test.each<[string, Identity, Action, string, string]>([
    ['a user reads their own', person('viewer'), 'subscribe', '#ada', 'yes'],
    ['a user reads one shared with them', person('viewer'), 'subscribe', 'commands:talk#eve,ada', 'yes'],
    ['nobody else reads it, administrators included', person('admin'), 'subscribe', '#eve', 'permissionDenied'],
    ['part of an id is not the id', person('viewer'), 'subscribe', '#ada2', 'permissionDenied'],
    ['only what follows the last # counts', person('viewer'), 'subscribe', 'news:#ada#eve', 'permissionDenied'],
    ['being named does not allow publishing', person('viewer'), 'publish', 'news:#ada', 'permissionDenied'],
    ['an operator publishes to a person', person('operator'), 'publish', '#eve', 'yes'],
    ['a personal channel has history', person('viewer'), 'history', '#ada', 'yes'],
    ['a kiosk named in a channel reads it', kiosk, 'subscribe', '#d1', 'yes'],
  ])('%s', (_title, identity, action, channel, expected) => {
    expect(decide(identity, action, channel)).toBe(expected)
  })
})

describe('keys do what operators do, as far as their scopes go', () => {
  test.each<[string, Identity, Action, string, string]>([
    ['publish publishes news', key('publish'), 'publish', 'news:general', 'yes'],
    ['publish publishes to a person', key('publish'), 'publish', '#ada', 'yes'],
    ['publish reports no telemetry', key('publish'), 'publish', 'telemetry:x', 'permissionDenied'],
    ['publish does not subscribe', key('publish'), 'subscribe', 'news:general', 'permissionDenied'],
    ['subscribe subscribes', key('subscribe'), 'subscribe', 'commands:box-1', 'yes'],
    ['subscribe reads no personal channel', key('subscribe'), 'subscribe', '#ada', 'permissionDenied'],
    ['subscribe does not publish', key('subscribe'), 'publish', 'news:general', 'permissionDenied'],
    ['admin does both', key('admin'), 'publish', 'news:general', 'yes'],
    ['devices does neither', key('devices'), 'subscribe', 'news:general', 'permissionDenied'],
  ])('%s', (_title, identity, action, channel, expected) => {
    expect(decide(identity, action, channel)).toBe(expected)
  })
})

describe('users of the site, without any role', () => {
  const all = namespaces.parse([
    { name: 'none', subscribe_roles: ['admin', 'viewer'], publish_roles: ['admin', 'viewer'], presence: true },
    {
      ...{ name: 'open', presence: true, history_size: 1, history_ttl: 60 },
      ...{ allow_subscribe_for_client: true, allow_publish_for_client: true },
      ...{ allow_history_for_client: true, allow_presence_for_client: true },
    },
    {
      ...{ name: 'all', presence: true, history_size: 1, history_ttl: 60 },
      ...{ allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true },
      ...{ allow_publish_for_client: true, allow_publish_for_anonymous: true },
      ...{ allow_history_for_client: true, allow_history_for_anonymous: true },
      ...{ allow_presence_for_client: true, allow_presence_for_anonymous: true },
    },
    { name: 'only', allow_subscribe_for_anonymous: true, allow_publish_for_anonymous: true },
    {
      ...{ name: 'inside', presence: true, history_size: 1, history_ttl: 60, allow_publish_for_subscriber: true },
      ...{ allow_history_for_subscriber: true, allow_presence_for_subscriber: true },
    },
  ])
  const actions = ['subscribe', 'publish', 'history', 'presence'] as const
  const somebody = (userId: string): SocketIdentity => ({
    ...{ kind: 'external', userId, name: userId, info: null, meta: undefined },
  })
  const decideAll = (identity: SocketIdentity, channel: string, isSubscribed = false, insecure = false) =>
    actions.map((action) => {
      const access = createAccessRules({ namespaces: all, insecure }).check(identity, action, channel, isSubscribed)
      return access.ok ? 'yes' : access.error === 'permissionDenied' ? 'no' : access.error
    })
  const [yes, no] = [actions.map(() => 'yes'), actions.map(() => 'no')]

  test.each<[string, string, string, boolean, readonly string[]]>([
    ['roles say nothing of them', 'eva', 'none:a', false, no],
    ['the options for clients do', 'eva', 'open:a', false, yes],
    ['which are not for anonymous ones', '', 'open:a', false, no],
    ['unless they are allowed too', '', 'all:a', false, yes],
    ['and those alone allow nothing', '', 'only:a', false, no],
    ['outside a channel nothing is for its subscribers', 'eva', 'inside:a', false, no],
    ['inside it is', 'eva', 'inside:a', true, ['no', 'yes', 'yes', 'yes']],
    ['a private channel is closed', 'eva', '$open:a', false, no],
    ['to who is inside, it is as others', 'eva', '$open:a', true, ['no', 'yes', 'yes', 'yes']],
    ['who is named enters and reads', 'eva', 'inside:#7,eva', false, ['yes', 'no', 'yes', 'yes']],
    ['who is not named does nothing', 'eva', 'open:#7,8', false, no],
    ['nobody is named by an empty place', '', 'all:#7,', false, no],
    ['the personal channel is their own', 'eva', '#eva', false, ['yes', 'no', 'yes', 'notAvailable']],
    ['a name made of two is neither', 'eva,ada', '#eva,ada', false, no],
  ])('%s', (_, userId, channel, isSubscribed, outcome) => {
    expect(decideAll(somebody(userId), channel, isSubscribed)).toEqual(outcome)
  })

  test('where nothing is secured they may do everything, and our own what they may', () => {
    for (const channel of ['$none:a', 'inside:a', 'all:#7']) {
      expect(
        decideAll(somebody(''), channel, false, true).filter((each) => each === 'no'),
        channel,
      ).toEqual([])
    }
    expect(decideAll(kiosk, 'none:a', false, true)).toEqual(no)
  })

  test('our own users are clients too', () => {
    expect(decideAll(person('viewer'), 'open:a')).toEqual(yes)
    expect(decideAll(kiosk, 'open:a')).toEqual(yes)
    expect(decideAll(kiosk, 'inside:a', true)).toEqual(['no', 'yes', 'yes', 'yes'])
    expect(decideAll(key('subscribe'), 'open:a')).toEqual(no)
  })

  test('a private channel is closed to our own roles, but who could let itself in publishes and reads', () => {
    expect(decideAll(person('viewer'), '$none:a')).toEqual(no)
    expect(decideAll(person('admin'), '$none:a')).toEqual(['no', 'yes', 'notAvailable', 'yes'])
    expect(decideAll(local, '$none:a')).toEqual(['yes', 'yes', 'notAvailable', 'yes'])
  })

  test('the key of the configuration does everything everywhere', () => {
    const configured: SocketIdentity = { ...key('publish'), isConfigured: true } as SocketIdentity
    expect(decideAll(configured, '$inside:a')).toEqual(yes)
    expect(decideAll(configured, 'only:#7').slice(0, 2)).toEqual(['yes', 'yes'])
  })
})
