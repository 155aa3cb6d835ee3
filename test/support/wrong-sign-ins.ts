import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

/**
 * A process of its own that sends wrong sign-ins, all at once, when it is told to (SIGUSR2): for `one` account or, with any
 * other word, each for another; each from an address of its own. Prints how many were answered with what. It shares the
 * machine with the server that is measured, so the requests are ready beforehand and their answers hardly looked at.
 */
const [url = '', mode, count = '200'] = process.argv.slice(2)
const { host, hostname, port } = new URL(url)

function requestOf(n: number): string {
  const email = mode === 'one' ? 'ada@example.org' : `${mode}-${n}@example.org`
  const body = JSON.stringify({ email, password: `wrong guess ${n}` })
  return [
    'POST /api/v1/token HTTP/1.1',
    `Host: ${host}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `X-Forwarded-For: 203.0.${mode === 'one' ? 1 : mode === 'many' ? 2 : 3}.${n % 256}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

async function statusOf(request: string): Promise<string> {
  const socket = connect(Number(port), hostname).setTimeout(150_000, () => socket.destroy(new Error('no answer')))
  socket.write(request)
  return /^HTTP\/1\.1 (\d{3})/.exec(await text(socket))?.[1] ?? 'no answer'
}

const requests = Array.from({ length: Number(count) }, (_, n) => requestOf(n))
const awake = setInterval(() => {}, 1000)
const told = once(process, 'SIGUSR2')
process.stdout.write('ready\n')
await told
const statuses = await Promise.all(requests.map(statusOf))
clearInterval(awake)
const counts = Object.fromEntries(
  [...new Set(statuses)].map((each) => [each, statuses.filter((s) => s === each).length]),
)
process.stdout.write(`answered ${JSON.stringify(counts)}\n`)
