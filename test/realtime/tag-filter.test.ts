import type { SubscribedContext } from 'centrifuge'
import { expect, test } from 'vitest'
import { openRaw } from '../support/raw-client.ts'
import { person, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk, socketOf } from '../support/realtime-sdk.ts'

const ada = person('ada')
const doors = { key: 'kind', cmp: 'eq', val: 'door' } as const
const kind = (name: string) => ({ kind: name })

test('only publications with the tags asked for are sent, and leaving some out is no loss', async () => {
  const rig = await startRealtime()
  const token = () => rig.identities.token(ada)
  const some = await follow(await connected(sdk(rig.url, { token: token() })), 'news:a', { tagsFilter: doors })
  const same = await follow(await connected(sdk(rig.url, { token: token() })), 'news:a', { tagsFilter: doors })
  const warm = await follow(await connected(sdk(rig.url, { token: token() })), 'news:a', {
    tagsFilter: { key: 'level', cmp: 'gt', val: '2.5' },
  })
  const all = await follow(await connected(sdk(rig.url, { token: token() })), 'news:a')
  await rig.publish('news:a', 1)
  await rig.publish('news:a', 2, kind('door'))
  await rig.publish('news:a', 3, { kind: 'temp', level: '10' })
  await rig.publish('news:a', 4, kind('window'))
  await rig.publish('news:a', 5, { kind: 'door', level: '2.50' })
  await expect.poll(() => all.data).toEqual([1, 2, 3, 4, 5])
  await expect.poll(() => [some.data, same.data, warm.data]).toEqual([[2, 5], [2, 5], [3]])
  expect(some.publications[1]).toMatchObject({ offset: 5, tags: { kind: 'door', level: '2.50' } })
})

test('what was missed is recovered through the filter, also when nothing of it fits', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'news:a', { tagsFilter: doors })
  await rig.publish('news:a', 1, kind('door'))
  await expect.poll(() => data).toEqual([1])
  const again = async () => {
    const subscribed = nextEvent<SubscribedContext>(subscription, 'subscribed')
    socketOf(client).terminate()
    await nextEvent(subscription, 'subscribing')
    return subscribed
  }
  const first = again()
  await rig.publish('news:a', 2, kind('temp'))
  await rig.publish('news:a', 3, kind('door'))
  await rig.publish('news:a', 4, kind('temp'))
  expect(await first).toMatchObject({ wasRecovering: true, recovered: true })
  await expect.poll(() => data).toEqual([1, 3])
  const second = again()
  await rig.publish('news:a', 5, kind('temp'))
  expect(await second).toMatchObject({ recovered: true })
  await rig.publish('news:a', 6, kind('door'))
  await expect.poll(() => data).toEqual([1, 3, 6])
})

test('a filter does not hide that publications are no longer kept', async () => {
  const rig = await startRealtime()
  for (let n = 1; n <= 8; n++) await rig.publish('filtered:a', n, kind(n === 8 ? 'door' : 'temp'))
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(ada) }, id: 1 },
    { subscribe: { channel: 'filtered:a', recover: true, offset: 1, tf: doors }, id: 2 },
    { unsubscribe: { channel: 'filtered:a' }, id: 3 },
    { subscribe: { channel: 'filtered:a', recover: true, offset: 3, tf: doors }, id: 4 },
    { unsubscribe: { channel: 'filtered:a' }, id: 5 },
    { subscribe: { channel: 'filtered:a', recover: true, offset: 3, tf: { op: 'not', nodes: [doors, doors] } }, id: 6 },
    { subscribe: { channel: 'filtered:a', recover: true, offset: 3, tf: kind('none') }, id: 7 },
    { subscribe: { channel: 'filtered:a', delta: 'fossil', tf: doors }, id: 8 },
    { subscribe: { channel: 'open:a', tf: doors }, id: 9 },
    { subscribe: { channel: 'filtered:a', tf: null }, id: 10 },
  )
  await raw.reply(10)
  expect((await raw.reply(2)).subscribe).not.toHaveProperty('recovered')
  expect((await raw.reply(4)).subscribe).toMatchObject({
    recovered: true,
    offset: 3,
    publications: [{ data: 8, offset: 8 }],
  })
  const codes = [6, 7, 8, 9, 10].map((id) => raw.received.find((each) => each.id === id)?.error?.code)
  expect(codes).toEqual([107, 107, 107, 107, undefined])
})
