import type { z } from 'zod'
import { type Command, type CommandName, commandNames, commands, maxCommandBytes } from '#protocol/client-protocol.ts'
import { usualRequest } from './usual-request.ts'

/** What one line of a client's frame turns out to be. */
export type Decoded =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'pong' }
  /** Wrong, but it can be answered: error 107. */
  | { readonly kind: 'refused'; readonly id: number; readonly name: CommandName; readonly message: string }
  /** Not the protocol: the connection is closed with 3501. */
  | { readonly kind: 'violation'; readonly message: string }

/** The lines of a frame; the newline that may end it begins no line of its own. */
export function frameLines(text: string): readonly string[] {
  const end = text.endsWith('\n') ? text.length - 1 : text.length
  // Most frames are one line.
  const first = text.indexOf('\n')
  if (first === -1 || first === end) return [end === text.length ? text : text.slice(0, end)]
  return text.slice(0, end).split('\n')
}

/** The edge of the socket: behind it, commands are typed and trusted in their form. */
export function decodeLine(line: string): Decoded {
  const envelope = parseObject(line)
  if (!envelope) return violation('not a JSON object')
  const { id } = envelope
  const hasId = id !== undefined && id !== 0
  if (!hasId) return isPresent(envelope.send) ? { kind: 'command', command: send } : { kind: 'pong' }
  if (!isCommandId(id)) return violation('a command id is a positive 32-bit integer')
  const name = nameOf(envelope)
  if (!name) return violation('no known command')
  if (line.length > maxCommandBytes || Buffer.byteLength(line) > maxCommandBytes) {
    return { kind: 'refused', id, name, message: `the command is too large; the limit is ${maxCommandBytes} bytes` }
  }
  return decodeCommand(id, name, envelope[name])
}

/** A connect request that comes alone, as unidirectional clients send it; no text is an empty one. */
export function decodeConnect(text: string): Decoded {
  const request = text === '' ? {} : parseObject(text)
  return request ? decodeCommand(0, 'connect', request) : violation('not a JSON object')
}

function decodeCommand(id: number, name: CommandName, value: unknown): Decoded {
  const usual = name === 'connect' || name === 'subscribe' ? usualRequest(name, value) : null
  if (usual !== null && !hasNoChannel(usual))
    return { kind: 'command', command: { name, id, request: usual } as Command }
  const parsed = commands[name].safeParse(value)
  if (!parsed.success) {
    return { kind: 'refused', id, name, message: sentenceOf(parsed.error) }
  }
  if (hasNoChannel(parsed.data)) return violation('a channel is missing')
  // The schema came from the table under this very name.
  return { kind: 'command', command: { name, id, request: parsed.data } as Command }
}

function sentenceOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join('; ')
    .slice(0, 200)
}

const send: Command = { name: 'send', id: 0, request: undefined }

function violation(message: string): Decoded {
  return { kind: 'violation', message }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    // Said by the caller: the connection closes.
    return undefined
  }
}

function nameOf(envelope: Record<string, unknown>): CommandName | undefined {
  for (const name of commandNames) if (isPresent(envelope[name])) return name
  return undefined
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

function isCommandId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) > 0 && (id as number) <= 0xffff_ffff
}

function hasNoChannel(request: unknown): boolean {
  return typeof request === 'object' && request !== null && 'channel' in request && request.channel === ''
}
