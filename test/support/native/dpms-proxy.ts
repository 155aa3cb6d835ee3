import { createConnection, createServer, type Server, type Socket } from 'node:net'

/**
 * A display with DPMS, before an X server that has none: no server without a real screen has it. Speaks the X protocol
 * between client and server, answers what is about DPMS itself (Extension protocol, X Consortium standard) and lets
 * everything else through.
 */
export interface DpmsProxy extends AsyncDisposable {
  /** For `DISPLAY`. */
  readonly display: string
  /** As a server stands; a test may set it, as a person or another program would. */
  readonly state: DpmsState
  /** Ends every connection at the next request about DPMS. */
  breakOff(): void
}

export interface DpmsState {
  enabled: boolean
  level: number
  timeouts: [standby: number, suspend: number, off: number]
  /** Takes no notice when a level is forced. */
  stuck: boolean
}

/** Its major opcode: one that Xvfb has given to none of its own. */
const dpmsOpcode = 200
const opcodes = { queryExtension: 98, getInputFocus: 43, noOperation: 127 } as const
const badMatch = 8

/** Before the server of `display`, such as `:5`. */
export async function startDpmsProxy(display: string): Promise<DpmsProxy> {
  const state: DpmsState = { enabled: true, level: 0, timeouts: [600, 600, 600], stuck: false }
  let broken = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = createConnection(socketPath(display.slice(1)))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket)
          client.destroy()
          upstream.destroy()
        })
    }
    let sequence = 0
    /** What the client is told in the place of the server's answer to a request. */
    const instead = new Map<number, Buffer>()
    readFrames(client, clientFrame, (frame, isSetup) => {
      if (isSetup) return upstream.write(frame)
      sequence = (sequence + 1) & 0xffff
      const isDpms = frame[0] === dpmsOpcode
      if (isDpms && broken) return client.destroy()
      if (!isDpms && !asksForDpms(frame)) return upstream.write(frame)
      const answer = isDpms ? answerDpms(state, frame, sequence) : extensionReply(sequence)
      if (answer !== null) instead.set(sequence, answer)
      // The server counts requests too: it gets one for each.
      return upstream.write(request(answer === null ? opcodes.noOperation : opcodes.getInputFocus))
    })
    readFrames(upstream, serverFrame, (frame, isSetup) => {
      const number = frame.readUInt16LE(2)
      const other = isSetup || frame[0] !== 1 ? undefined : instead.get(number)
      instead.delete(number)
      client.write(other ?? frame)
    })
  })
  const number = await listenAnywhere(server)
  return {
    display: `:${number}`,
    state,
    breakOff() {
      broken = true
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function socketPath(number: number | string): string {
  return `/tmp/.X11-unix/X${number}`
}

/** The number of a display that nobody else has, far from those that X servers choose. */
async function listenAnywhere(server: Server): Promise<number> {
  const first = 20_000 + (process.pid % 10_000)
  for (let number = first; number < first + 100; number++) {
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(socketPath(number), () => resolve(true))
    })
    if (free) return number
  }
  throw new Error('a hundred displays are taken, or there is no /tmp/.X11-unix')
}

/** Null: a request that is not answered. */
function answerDpms(state: DpmsState, frame: Buffer, sequence: number): Buffer | null {
  const answer = reply(sequence)
  switch (frame[1]) {
    case 0: // GetVersion
      answer.writeUInt16LE(1, 8)
      answer.writeUInt16LE(1, 10)
      return answer
    case 1: // Capable
      answer[8] = 1
      return answer
    case 2: // GetTimeouts
      state.timeouts.forEach((seconds, i) => {
        answer.writeUInt16LE(seconds, 8 + 2 * i)
      })
      return answer
    case 3: // SetTimeouts
      state.timeouts = [frame.readUInt16LE(4), frame.readUInt16LE(6), frame.readUInt16LE(8)]
      return null
    case 4: // Enable
      state.enabled = true
      return null
    case 6: // ForceLevel
      if (!state.enabled) return error(sequence, frame)
      if (!state.stuck) state.level = frame.readUInt16LE(4)
      return null
    case 7: // Info
      answer.writeUInt16LE(state.level, 8)
      answer[10] = Number(state.enabled)
      return answer
    default:
      throw new Error(`request ${frame[1]} of DPMS is not known here`)
  }
}

function asksForDpms(frame: Buffer): boolean {
  return frame[0] === opcodes.queryExtension && frame.toString('latin1', 8, 8 + frame.readUInt16LE(4)) === 'DPMS'
}

function extensionReply(sequence: number): Buffer {
  const answer = reply(sequence)
  answer[8] = 1
  answer[9] = dpmsOpcode
  return answer
}

function reply(sequence: number): Buffer {
  const answer = Buffer.alloc(32)
  answer[0] = 1
  answer.writeUInt16LE(sequence, 2)
  return answer
}

function error(sequence: number, frame: Buffer): Buffer {
  const answer = Buffer.alloc(32)
  answer[1] = badMatch
  answer.writeUInt16LE(sequence, 2)
  answer.writeUInt16LE(frame[1] ?? 0, 8)
  answer[10] = dpmsOpcode
  return answer
}

function request(opcode: number): Buffer {
  return Buffer.from([opcode, 0, 1, 0])
}

type FrameLength = (buffer: Buffer, isSetup: boolean) => number

/** Hands over whole messages; undefined lengths wait for more. */
function readFrames(socket: Socket, lengthOf: FrameLength, take: (frame: Buffer, isSetup: boolean) => unknown): void {
  let rest = Buffer.alloc(0)
  let isSetup = true
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const length = rest.length < 12 && isSetup ? Number.POSITIVE_INFINITY : lengthOf(rest, isSetup)
      if (rest.length < length) return
      take(rest.subarray(0, length), isSetup)
      isSetup = false
      rest = rest.subarray(length)
    }
  })
}

const more = Number.POSITIVE_INFINITY

/** The greeting with its authorization, then requests, whose length counts words; 0: the next word says. */
function clientFrame(buffer: Buffer, isSetup: boolean): number {
  if (isSetup) return 12 + padded(buffer.readUInt16LE(6)) + padded(buffer.readUInt16LE(8))
  if (buffer.length < 4) return more
  const words = buffer.readUInt16LE(2)
  if (words > 0) return 4 * words
  return buffer.length < 8 ? more : 4 * buffer.readUInt32LE(4)
}

/** The greeting, then replies and generic events with what they carry, events and errors of 32 bytes. */
function serverFrame(buffer: Buffer, isSetup: boolean): number {
  if (isSetup) return 8 + 4 * buffer.readUInt16LE(6)
  if (buffer.length < 32) return more
  return 32 + (buffer[0] === 1 || (buffer[0] ?? 0) % 128 === 35 ? 4 * buffer.readUInt32LE(4) : 0)
}

function padded(length: number): number {
  return (length + 3) & ~3
}
