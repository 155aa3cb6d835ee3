import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainUpgrade } from './plain-upgrade.ts'

const usual = [
  'Host: 127.0.0.1:8750',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
]

test('the upgrade of a browser is read, and the one of a program', () => {
  const browser = [
    ...[
      'Host: carillon.example.org',
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0',
      'Accept: */*',
    ],
    ...['Accept-Language: en-US,en;q=0.5', 'Accept-Encoding: gzip, deflate, br', 'Sec-WebSocket-Version: 13'],
    ...['Origin: https://carillon.example.org', 'Sec-WebSocket-Extensions: permessage-deflate'],
    ...['Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==', 'Connection: keep-alive, Upgrade', 'Cookie: a=b; c="d"'],
    ...['Sec-Fetch-Dest: empty', 'Sec-Fetch-Mode: websocket', 'Sec-Fetch-Site: same-origin', 'Pragma: no-cache'],
    ...['Cache-Control: no-cache', 'Upgrade: websocket'],
  ]
  expect(read(browser)).toEqual(
    Object.fromEntries(
      browser.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    ),
  )
  expect(read(usual.map((line) => line.toLowerCase()))).toMatchObject({ upgrade: 'websocket', host: '127.0.0.1:8750' })
})

test('what is in the least unusual is left to Node', () => {
  const without = (name: string) => usual.filter((line) => !line.startsWith(name))
  const others: Record<string, Buffer | string> = {
    'no host': text(without('Host')),
    'no upgrade': text(without('Upgrade')),
    'another upgrade': text([...without('Upgrade'), 'Upgrade: h2c']),
    'no connection': text(without('Connection')),
    'another connection': text([...without('Connection'), 'Connection: close, Upgrade']),
    'two hosts': text([...usual, 'Host: elsewhere']),
    'one thing twice, in another case': text([...usual, 'UPGRADE: websocket']),
    'a body': text([...usual, 'Content-Length: 5']),
    'a body without a length': text([...usual, 'Transfer-Encoding: chunked']),
    'an expectation': text([...usual, 'Expect: 100-continue']),
    'a name of an object’s own': text([...usual, '__proto__: x']),
    'an unknown name': text([...usual, 'X-Other: x']),
    'a name with a space behind it': text([...usual, 'Origin : https://a']),
    'a folded line': text([...usual, 'Origin: https://a', ' b']),
    'a value without a space before it': text([...usual, 'Origin:https://a']),
    'a value with a tab before it': text([...usual, 'Origin:\thttps://a']),
    'a value with two spaces before it': text([...usual, 'Origin:  https://a']),
    'a value with a space behind it': text([...usual, 'Origin: https://a ']),
    'no value': text([...usual, 'Origin: ']),
    'a value with a tab': text([...usual, 'Origin: a\tb']),
    'a value with a zero byte': text([...usual, 'Origin: a\0b']),
    'a value with a bare line feed': text([...usual, 'Origin: a\nb']),
    'a value with a bare carriage return': text([...usual, 'Origin: a\rb']),
    'a value beyond ASCII': text([...usual, 'Origin: é']),
    'line feeds alone': text(usual).replaceAll('\r\n', '\n'),
    'an empty line too many': text([...usual, '']),
    'another method': text(usual).replace('GET', 'POST'),
    'another address': text(usual).replace('websocket', 'websocket?ticket=tkt_x'),
    'another version': text(usual).replace('HTTP/1.1', 'HTTP/1.0'),
    'an empty line before it': `\r\n${text(usual)}`,
    'not all of it': text(usual).slice(0, -1),
    'more than it': `${text(usual)}G`,
    'two of them': text(usual) + text(usual),
    'one with much to say': text([...usual, `Cookie: a=${'b'.repeat(5000)}`]),
    nothing: '',
  }
  for (const [name, bytes] of Object.entries(others)) {
    expect(plainUpgrade(Buffer.from(bytes as string, 'latin1')), name).toBeNull()
  }
})

test('whatever is read here, Node reads the same way', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let taken = 0
  const agrees = async (bytes: Buffer) => {
    const headers = plainUpgrade(bytes)
    if (headers === null) return
    taken += 1
    const asked = once(server, 'upgrade', { signal: AbortSignal.timeout(5_000) })
    const client = connect(port, '127.0.0.1')
    client.write(bytes)
    const [request, socket, head] = (await asked) as [IncomingMessage, NodeJS.WritableStream, Buffer]
    client.destroy()
    socket.end()
    expect({ method: request.method, url: request.url, headers: request.headers, head: head.length }).toEqual({
      ...{ method: 'GET', url: '/connection/websocket', head: 0 },
      headers: { ...headers },
    })
  }
  await fc.assert(fc.asyncProperty(requests, agrees), { numRuns: 2000 })
  server.close()
  expect(taken).toBeGreaterThan(50)
})

/** Upgrades with all kinds of lines in any order, some of them with a byte that is out of place. */
const requests: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.shuffledSubarray(
      [
        ...['Origin: null', 'Cookie: a=b', 'User-Agent: x (y; z)', 'Accept: */*', 'X-Real-IP: ::1', 'pragma: no-cache'],
        ...['Content-Length: 3', 'Transfer-Encoding: chunked', 'Connection: close', 'cookie: c=d', 'X-A: b'],
      ],
      { maxLength: 3 },
    ),
    fc.array(fc.tuple(fc.constantFrom('DNT', 'Cache-Control', 'sec-fetch-site'), fc.string()), { maxLength: 2 }),
    fc.option(
      fc.tuple(fc.nat(300), fc.constantFrom('\0', '\t', ' ', '\r', '\n', '\r\n', ':', ',', 'é', 'G', '-', 'x')),
      { nil: null },
    ),
    fc.boolean(),
  )
  .chain(([lines, more, wrong, isShuffled]) => {
    const all = [...usual, ...lines, ...more.map(([name, value]) => `${name}: ${value}`)]
    return (isShuffled ? fc.shuffledSubarray(all, { minLength: all.length }) : fc.constant(all)).map((ordered) => {
      const whole = text(ordered)
      if (wrong === null) return Buffer.from(whole, 'latin1')
      const [at, byte] = wrong
      return Buffer.from(whole.slice(0, at) + byte + whole.slice(at), 'latin1')
    })
  })

function text(lines: readonly string[]): string {
  return `GET /connection/websocket HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
}

function read(lines: readonly string[]) {
  const headers = plainUpgrade(Buffer.from(text(lines), 'latin1'))
  return headers && { ...headers }
}
