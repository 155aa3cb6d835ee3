import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'
import { createPeer, type Frame, type Peer, PeerError } from './peer.ts'
import { afterEnd, type Ends, noEnds, restartDelayMs } from './restart.ts'
import type { PrimaryVerbs, WorkerVerbs } from './verbs.ts'

export interface SupervisorOptions {
  readonly count: number
  /** The program of a worker. */
  readonly program: string
  /** Serves a worker that has just begun and tells it to start; answers when it is ready. */
  readonly start: (worker: StartedWorker) => Promise<void>
  readonly log: Logger
}

export interface StartedWorker {
  /** From 1 to `count`. */
  readonly number: number
  readonly peer: Peer<WorkerVerbs, PrimaryVerbs>
  /** Runs when the worker is gone. */
  readonly onGone: (run: () => void) => void
}

/** Keeps so many workers alive. Disposing of it lets them drain, all at the same time, and waits for their ends. */
export type Supervisor = AsyncDisposable

/** A worker ended before it could say why it cannot start, or said nothing at all. */
class WorkerError extends Error {
  override readonly name = 'WorkerError'
  readonly code = 'worker_failed'
  constructor(cause: PeerError) {
    super('A process of the server did not start. Its log says more; without --processes there is only one.', { cause })
  }
}

/** How often a worker is asked whether it lives, and how long it may take to say so. */
const pingEveryMs = 5_000
const pongWithinMs = 15_000
/** Starting includes opening the records; a worker that takes longer is replaced. */
export const startWithinMs = 60_000
/** A worker that has not ended this long after it was told to is killed: draining may take 18 seconds. */
const stopWithinMs = 18_500

/**
 * Starts the workers and resolves when all of them are ready.
 *
 * @throws what the first one that cannot start says; then none is left
 */
export async function startSupervisor({ count, program, start, log }: SupervisorOptions): Promise<Supervisor> {
  // The workers share the listening sockets and each accepts for itself: the connections of one that dies end with it,
  // and those nobody has accepted yet are the others'. Handed out one by one, a connection on its way to a worker that
  // dies would stay open here, and nobody would ever answer it.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({ exec: program, args: [], serialization: 'advanced' })
  const places = Array.from({ length: count }, (_, index) => createPlace(index + 1))
  // A worker that is well ends by itself when this process does; one that hangs would not.
  const killAll = () => {
    for (const place of places) place.kill()
  }
  process.on('exit', killAll)
  const supervisor = {
    async [Symbol.asyncDispose]() {
      await Promise.all(places.map((place) => place.stop()))
      process.off('exit', killAll)
    },
  }
  try {
    await Promise.all(places.map((place) => place.fill()))
    return supervisor
  } catch (error) {
    await supervisor[Symbol.asyncDispose]()
    throw error
  }

  /** Where one worker runs, and after it the one that replaces it. */
  function createPlace(number: number) {
    let state: Place = { phase: 'empty' }
    let ends: Ends = noEnds

    return { fill, stop, kill }

    /** Rejects when the worker could not start; unless it is the first one, another is tried. */
    async function fill(): Promise<void> {
      const worker = cluster.fork()
      const startedAt = performance.now()
      const whenGone: (() => void)[] = []
      const peer = peerOf(worker)
      const pings = setInterval(() => ping(worker, peer), pingEveryMs)
      const gone = new Promise<void>((resolve) => {
        worker.once('exit', (code, signal) => {
          clearInterval(pings)
          peer[Symbol.dispose]()
          for (const run of whenGone) run()
          const isExpected = state.phase === 'stopping'
          log[isExpected ? 'info' : 'error']({ worker: number, pid: worker.process.pid, code, signal }, 'worker ended')
          ends = afterEnd(ends, performance.now() - startedAt)
          if (state.phase === 'ready') replace()
          else state = { phase: isExpected ? 'stopped' : 'empty' }
          resolve()
        })
      })
      state = { phase: 'starting', worker, peer, gone }
      try {
        await start({ number, peer, onGone: (run) => whenGone.push(run) })
        if (state.phase !== 'starting') return
        state = { phase: 'ready', worker, peer, gone }
        log.info({ worker: number, pid: worker.process.pid }, 'worker ready')
      } catch (error) {
        worker.process.kill('SIGKILL')
        await gone
        throw error instanceof PeerError ? new WorkerError(error) : error
      }
    }

    function replace(): void {
      const delayMs = restartDelayMs(ends)
      const timer = setTimeout(() => {
        fill().catch((error: unknown) => {
          log.error({ err: error, worker: number }, 'worker did not start')
          if (state.phase === 'empty') replace()
        })
      }, delayMs)
      state = { phase: 'waiting', timer }
    }

    async function stop(): Promise<void> {
      const { phase } = state
      if (phase === 'waiting') clearTimeout(state.timer)
      if (phase === 'starting' || phase === 'ready') {
        const { worker, peer, gone } = state
        state = { phase: 'stopping', worker, peer, gone }
        if (phase === 'ready') peer.note('stop')
        else worker.process.kill('SIGKILL')
        const killing = setTimeout(() => {
          log.error({ worker: number }, 'worker did not stop in time')
          worker.process.kill('SIGKILL')
        }, stopWithinMs)
        await gone
        clearTimeout(killing)
      }
      state = { phase: 'stopped' }
    }

    function kill(): void {
      if ('worker' in state) state.worker.process.kill('SIGKILL')
    }

    function ping(worker: Worker, peer: StartedWorker['peer']): void {
      if (state.phase !== 'ready') return
      peer.call('ping', [], pongWithinMs).catch(() => {
        if (state.phase !== 'ready' || state.worker !== worker) return
        log.error({ worker: number }, 'worker does not answer and is replaced')
        worker.process.kill('SIGKILL')
      })
    }
  }

  function peerOf(worker: Worker): StartedWorker['peer'] {
    const peer: StartedWorker['peer'] = createPeer({
      send: (frames, sent) => worker.process.send(frames, (error) => error === null && sent()),
      onError: (error, name) => log.error({ err: error, name }, 'a message of a worker failed'),
      // What it was not told meanwhile, its clients recover.
      onCaughtUp: () => peer.note('resumed'),
    })
    worker.on('message', (frames: readonly Frame[]) => peer.receive(frames))
    // Its end is told by `exit`.
    worker.on('error', (error) => log.debug({ err: error }, 'a worker could not be reached'))
    return peer
  }
}

type Place =
  | { readonly phase: 'empty' | 'stopped' }
  | {
      readonly phase: 'starting' | 'ready' | 'stopping'
      readonly worker: Worker
      readonly peer: StartedWorker['peer']
      readonly gone: Promise<void>
    }
  | { readonly phase: 'waiting'; readonly timer: NodeJS.Timeout }
