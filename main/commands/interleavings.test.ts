import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DeviceCommandResult } from '#protocol/device-commands.ts'
import type { JsonFile } from '../json-file.ts'
import { memoryLog } from '../log.ts'
import { type Commands, type Effect, openCommands } from './commands.ts'
import type { Ledger } from './ledger.ts'

/** What can happen to a device and its commands, in any order. */
type Step =
  | { readonly do: 'deliver'; readonly command: number }
  /** The power fails at this moment, and the app starts again; the history of the channel is read once more. */
  | { readonly do: 'crash'; readonly withMachine: boolean }
  | { readonly do: 'finish' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'server'; readonly away: boolean }
  | { readonly do: 'turn' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), command: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), withMachine: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constant({ do: 'finish' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(600) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('server' as const), away: fc.boolean() }) },
  { weight: 5, arbitrary: fc.constant({ do: 'turn' as const }) },
)

const names = ['reload', 'screenshot', 'reboot', 'restart-app'] as const
const ids = names.map((_, n) => `00000000-0000-4000-8000-00000000000${n}`)
const deadlines = [500, 1000, 1500, 2000]

test('whatever is delivered again, breaks off and starts again: at most one effect each, in time, and one result', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = createWorld()
      await world.start(false)
      for (const one of steps) await world.take(one)
      await world.settle()
      for (const { id, at, deadline } of world.effects) expect(at, id).toBeLessThanOrEqual(deadline)
      const begun = world.effects.map(({ id }) => id)
      expect(begun).toEqual([...new Set(begun)])
      const heard = new Map<string, Set<string>>()
      for (const result of world.heard) {
        heard.set(result.id, (heard.get(result.id) ?? new Set()).add(JSON.stringify(result)))
      }
      expect([...heard.keys()].toSorted()).toEqual([...world.delivered].toSorted())
      for (const results of heard.values()) expect(results.size).toBe(1)
    }),
    { numRuns: 500 },
  )
})

/** A device with its card and its server, neither of which a power cut takes along. */
function createWorld() {
  let onCard: Ledger | null = { device: 'd1', begun: null, results: [], reported: [] }
  let clock = 0
  let away = false
  let boot = 0
  let runs = 0
  let alive = {}
  let commands: Commands | null = null
  let finish: (() => void) | null = null
  const effects: { id: string; at: number; deadline: number }[] = []
  const heard: DeviceCommandResult[] = []
  const delivered = new Set<string>()
  const command = (n: number) => ({
    ...{ id: ids[n], device: 'd1', command: names[n], args: {} },
    deadline: new Date(deadlines[n] ?? 0).toISOString(),
  })

  async function start(withMachine: boolean): Promise<void> {
    const self = {}
    alive = self
    void commands?.[Symbol.asyncDispose]()
    finish = null
    if (withMachine) boot++
    const dead = () => new Promise<never>(() => {})
    const file: JsonFile<Ledger> = {
      read: async () => structuredClone(onCard),
      async write(value) {
        await turn()
        if (alive !== self) await dead()
        onCard = structuredClone(value)
        await turn()
        if (alive !== self) await dead()
      },
      remove: async () => {},
    }
    const opened = await openCommands({
      ...{ device: 'd1', file, log: memoryLog(), run: { run: `run-${runs++}`, boot: `boot-${boot}` } },
      name: () => 'lobby-1',
      now: () => clock,
      carryOut({ id, deadline }) {
        if (alive === self) effects.push({ id, at: clock, deadline: Date.parse(deadline) })
        return new Promise<Effect>((resolve) => {
          finish = () => resolve({ state: 'done', message: `Done by run ${runs}.` })
        })
      },
      async send(result) {
        if (alive !== self) await dead()
        if (away) throw { code: 0, message: 'not connected' }
        heard.push(result)
        await turn() // the server has it, and the answer is on its way
        if (alive !== self) await dead()
      },
      times: { minRetry: 1, maxRetry: 1 },
    })
    if (alive !== self) return
    commands = opened
    opened.online()
    for (const id of delivered) opened.take(command(ids.indexOf(id)), 'past')
  }

  async function take(one: Step): Promise<void> {
    if (one.do === 'deliver') {
      delivered.add(ids[one.command] ?? '')
      commands?.take(command(one.command))
    } else if (one.do === 'crash') await start(one.withMachine)
    else if (one.do === 'finish') finish?.()
    else if (one.do === 'wait') clock += one.ms
    else if (one.do === 'turn') await turn()
    else {
      away = one.away
      if (!away) commands?.online()
    }
  }

  return {
    ...{ effects, heard, delivered, start, take },
    /** The server is there, the app runs, and everything is delivered once more. */
    async settle() {
      away = false
      await start(true)
      const end = Date.now() + 2000
      while (new Set(heard.map(({ id }) => id)).size < delivered.size && Date.now() < end) {
        finish?.()
        await turn()
      }
      for (let n = 0; n < 5; n++) await turn() // and nothing more comes
      await commands?.[Symbol.asyncDispose]()
    },
  }
}
