import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect as connectSafely } from 'node:tls'
import type { NetworkStep, PaneFacts } from '#protocol/pane.ts'
import { ServerError } from '../server-error.ts'

/** From this machine to the server, one step after the other, each with what it found and what to do about it. */
export interface NetworkCheckOptions {
  /** The server's origin. */
  readonly server: string
  /** Whether Carillon answers there. Rejects with a `ServerError`. */
  carillon(signal: AbortSignal): Promise<{ readonly version: string }>
  onSteps(steps: readonly NetworkStep[]): void
  readonly signal: AbortSignal
  addresses?(): PaneFacts['addresses']
  /** Milliseconds for each step. 5,000 unless told otherwise. */
  readonly timeout?: number
}

export async function checkNetwork(options: NetworkCheckOptions): Promise<readonly NetworkStep[]> {
  const { server, carillon, onSteps, signal, addresses = ownAddresses, timeout = 5000 } = options
  const { hostname, protocol, port } = new URL(server)
  const target: Target = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
  }
  const tasks: readonly [NetworkStep['name'], (limit: AbortSignal) => Promise<Found>][] = [
    ['address', async () => ownAddress(addresses(), target)],
    ['dns', () => lookUp(target)],
    ['tcp', (limit) => reach(target, limit)],
    ['tls', async (limit) => (protocol === 'https:' ? trust(target, limit) : noTls)],
    ['carillon', async (limit) => ({ state: 'ok', result: `Carillon ${(await carillon(limit)).version} answers.` })],
  ]
  let steps: readonly NetworkStep[] = tasks.map(([name]) => ({ name, state: 'waiting', result: '', advice: null }))
  const tell = (index: number, part: Partial<NetworkStep>): void => {
    steps = steps.map((step, at) => (at === index ? { ...step, ...part } : step))
    onSteps(steps)
  }
  let isBroken = false
  for (const [index, [name, task]] of tasks.entries()) {
    if (isBroken) {
      tell(index, { state: 'skipped', result: 'Not tried: a step before it failed.' })
      continue
    }
    tell(index, { state: 'running' })
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
    const found = await withinLimit(task(limit), limit).catch((error: unknown) =>
      failureOf(name, error, target, timeout),
    )
    signal.throwIfAborted()
    tell(index, found)
    isBroken = found.state === 'failed'
  }
  return steps
}

interface Target {
  readonly host: string
  readonly port: number
}
type Found = Pick<NetworkStep, 'state' | 'result'> & { readonly advice?: string }

/** Without loopback and what a machine gives itself when nobody gives it an address. */
export function ownAddresses(): PaneFacts['addresses'] {
  return Object.entries(networkInterfaces())
    .flatMap(([network, list = []]) => list.map((one) => ({ network, ...one })))
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ network, address }) => ({ network, address }))
}

function ownAddress(addresses: PaneFacts['addresses'], { host }: Target): Found {
  const given = addresses.filter(({ address }) => !address.startsWith('169.254.'))
  const result = addresses.map(({ network, address }) => `${network} ${address}`).join(', ')
  if (given.length > 0) return { state: 'ok', result }
  if (isLoopback(host)) return { state: 'ok', result: 'None needed: the server is on this machine.' }
  return addresses.length === 0
    ? {
        state: 'failed',
        result: 'This machine has no network address.',
        advice: 'Check the cable, or the Wi-Fi name and password.',
      }
    : { state: 'failed', result, advice: 'The network gave no address. Check that its router (DHCP) is running.' }
}

async function lookUp({ host }: Target): Promise<Found> {
  const found = await lookup(host, { all: true })
  const addresses = found.map(({ address }) => address).join(', ')
  return addresses === host
    ? { state: 'ok', result: `${host} is an address, no name to look up.` }
    : { state: 'ok', result: `${host} is ${addresses}.` }
}

async function reach({ host, port }: Target, signal: AbortSignal): Promise<Found> {
  const began = performance.now()
  const socket = connect({ host, port })
  try {
    await opened(socket, 'connect', signal)
    return { state: 'ok', result: `Port ${port} answers after ${Math.round(performance.now() - began)} ms.` }
  } finally {
    socket.destroy()
  }
}

const noTls: Found = { state: 'skipped', result: 'This server is spoken to without TLS.' }

async function trust({ host, port }: Target, signal: AbortSignal): Promise<Found> {
  const isName = !/^[\d.]+$|:/.test(host)
  const socket = connectSafely({ host, port, ...(isName ? { servername: host } : {}) })
  try {
    await opened(socket, 'secureConnect', signal)
    const until = new Date(socket.getPeerCertificate().valid_to)
    const days = Math.floor((until.getTime() - Date.now()) / 86_400_000)
    return {
      state: 'ok',
      result: `${socket.getProtocol()}; the certificate is good for ${days} more days.`,
      ...(days < 14 ? { advice: 'Ask whoever looks after the server to renew its certificate.' } : {}),
    }
  } finally {
    socket.destroy()
  }
}

/** Rejects with the socket's error, or with the signal's reason. */
function opened(socket: NodeJS.EventEmitter, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve())
    // For as long as it lives: an error after a time-out has nobody else to listen.
    socket.on('error', reject)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** A name's look-up cannot be ended; it can be waited for no longer. */
function withinLimit<T>(promise: Promise<T>, limit: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (limit.aborted) reject(limit.reason)
    limit.addEventListener('abort', () => reject(limit.reason), { once: true })
    promise.then(resolve, reject)
  })
}

function failureOf(name: NetworkStep['name'], error: unknown, target: Target, timeout: number): Found {
  const isLate = error instanceof DOMException && error.name === 'TimeoutError'
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const result = isLate ? `No answer within ${timeout / 1000} s.` : said(error, code)
  return { state: 'failed', result, advice: adviceOn(name, isLate ? 'TIMEOUT' : code, target) }
}

function said(error: unknown, code: string): string {
  if (error instanceof ServerError) return error.message
  return code === '' && error instanceof Error ? error.message : `The attempt ended with ${code || 'no reason given'}.`
}

function adviceOn(name: NetworkStep['name'], code: string, { host, port }: Target): string {
  switch (name) {
    case 'address':
      return 'Check the cable, or the Wi-Fi name and password.'
    case 'dns':
      return code === 'ENOTFOUND'
        ? `No machine is called ${host}. Check the server's address, or ask who looks after the network's names (DNS).`
        : 'The network names no machines now. Check that it reaches its DNS server.'
    case 'tcp':
      return code === 'ECONNREFUSED'
        ? `The machine is there and nothing listens on port ${port}. Check the port, and that the server is running.`
        : `Check that the server is running, and that no firewall between here and there keeps port ${port} closed.`
    case 'tls':
      return adviceOnTls(code)
    case 'carillon':
      return 'Something answers, but not as a Carillon server does. Check the address; on a guest network, sign in to it first.'
    default:
      return name satisfies never
  }
}

function adviceOnTls(code: string): string {
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return `Check the clock of this machine, which says ${new Date().toISOString().slice(0, 16)}Z. If it is right, the certificate has to be renewed.`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'The certificate is for another name. Check the address.'
  if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code))
    return 'The certificate is not trusted here. The server needs one from an authority that this machine knows.'
  return 'Whatever listens there does not speak TLS. Check the port, or write http:// before the address.'
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
