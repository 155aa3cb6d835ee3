import { z } from 'zod'
import { timeSpan } from './namespaces.ts'

const seconds = (least: number, most: number, standard: number) => {
  const sentence = `Give a time span from ${least}s to ${most}s.`
  return timeSpan.pipe(z.number().min(least, sentence).max(most, sentence)).default(standard)
}
const whole = (least: number, most: number, standard: number, sentence: string) =>
  z.int(sentence).min(least, sentence).max(most, sentence).default(standard)
const count = (least: number, most: number, standard: number) =>
  whole(least, most, standard, `Give a whole number from ${least} to ${most}.`)
const bytes = (least: number, most: number, standard: number) =>
  whole(least, most, standard, `Give a number of bytes from ${least} to ${most}, for example ${standard}.`)
/** 0 stands for no limit. */
const optionalCount = (most: number, standard: number) => count(0, most, standard)

/** What one process takes on, and what one client may ask of it. Times are in seconds inside, sizes in bytes. */
export const limits = z
  .strictObject({
    /** Clients that have been let in. More are refused with 503. */
    connections: count(1, 1_000_000, 50_000),
    /** Sockets that have not said yet who they are, counted apart. The oldest makes way for a new one. */
    waiting_connections: count(1, 1_000_000, 5_000),
    /** The same, of one address (IPv6: one /64); loopback is not counted. More are refused with 503. */
    waiting_connections_per_address: optionalCount(1_000_000, 500),
    /** All sockets of one address, counted in the same way. Default no limit: a proxy or a site may be one address. */
    connections_per_address: optionalCount(1_000_000, 0),
    /** Clients of one user. One more is closed with 3504. Default no limit. */
    connections_per_user: optionalCount(1_000_000, 0),
    /** Upgrades taken in a second, and at once; more are told to come again later. */
    new_connections_per_second: optionalCount(100_000, 1_000),
    /** From the upgrade to a successful connect. */
    connect_timeout: seconds(1, 300, 10),
    /** For the header of an HTTP request to arrive, upgrades among them. */
    request_header_timeout: seconds(1, 300, 10),
    /** For the whole of an HTTP request to arrive. */
    request_timeout: seconds(1, 300, 30),
    /** Requests being worked on at a time, not counting streams. More are answered 503. */
    requests_in_flight: count(10, 1_000_000, 2_000),
    /** The same, of one address (IPv6: one /64); loopback is not counted. More are answered 429. */
    requests_in_flight_per_address: optionalCount(1_000_000, 500),
    /** Between pings. */
    ping_interval: seconds(1, 3600, 25),
    /** From a ping to its answer. */
    pong_timeout: seconds(1, 3600, 8),
    /** The same for screens: nobody stands beside one who would see that its cable is out. */
    device_ping_interval: seconds(1, 3600, 6),
    device_pong_timeout: seconds(1, 3600, 3),
    /** Over how long clients are sent away when the server stops. */
    shutdown_spread: seconds(0, 10, 2),
    rpc_timeout: seconds(1, 600, 30),
    channels_per_client: count(1, 100_000, 128),
    /** What may wait to be written to one socket; a reader that leaves more is closed with 3008. */
    queue_bytes: bytes(256 * 1024, 256 * 1024 * 1024, 1024 * 1024),
    /** A client that takes nothing of it for so long is closed with 3009. */
    write_timeout: seconds(1, 3600, 10),
    /** Publications that one recovery may bring; what missed more is told so. */
    recovery_publications: count(1, 100_000, 1_000),
    /** Publications that one history call may answer. */
    history_publications: count(1, 100_000, 300),
    /** Commands of one client being worked on at a time. */
    commands_in_flight: count(1, 100_000, 1_024),
    /** Commands of one client at once, and how many more each second; beyond it error 111. */
    command_burst: count(1, 1_000_000, 2_000),
    commands_per_second: count(1, 1_000_000, 200),
    /** How many of those are answered before the client is closed with 3013. */
    commands_refused: count(0, 1_000_000, 1_000),
    /** Faults of one client at once, and each second; beyond it 3509. */
    error_burst: count(1, 1_000_000, 200),
    errors_per_second: count(1, 1_000_000, 1),
  })
  .superRefine((given, context) => {
    const { request_header_timeout, request_timeout } = given
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    for (const prefix of ['', 'device_'] as const) {
      const interval = given[`${prefix}ping_interval`]
      if (given[`${prefix}pong_timeout`] < interval) continue
      const sentence = `An answer to a ping is waited for less long than ${prefix}ping_interval (${interval}s).`
      wrong(`${prefix}pong_timeout`, sentence)
    }
    if (request_header_timeout > request_timeout) {
      wrong('request_header_timeout', `A header arrives within request_timeout (${request_timeout}s).`)
    }
  })
export type Limits = z.infer<typeof limits>

/** What holds when nothing is said. */
export const defaultLimits: Limits = limits.parse({})
