import { expect, test } from 'vitest'
import { serverOrigin, socketUrl } from './server-address.ts'

test.each([
  ['127.0.0.1:8750', 'http://127.0.0.1:8750'],
  ['localhost:8750', 'http://localhost:8750'],
  ['[::1]:8750', 'http://[::1]:8750'],
  ['carillon.example.org', 'https://carillon.example.org'],
  ['carillon.example.org:8443/', 'https://carillon.example.org:8443'],
  [' http://box:8750/console?x=1#y ', 'http://box:8750'],
  ['https://ada:secret@box/', 'https://box'],
  ['HTTPS://BOX.Example.org', 'https://box.example.org'],
])('%s means %s', (typed, origin) => {
  expect(serverOrigin(typed)).toBe(origin)
})

test.each(['', 'not an address', 'ftp://box', 'file:///etc/passwd', 'http://', 'javascript:alert(1)'])(
  '"%s" is refused with a sentence',
  (typed) => {
    expect(() => serverOrigin(typed)).toThrow(
      expect.objectContaining({ code: 'bad_address', message: expect.stringContaining('Give one such as') }),
    )
  },
)

test('a server reached by TLS has its sockets on TLS', () => {
  expect(socketUrl('https://box')).toBe('wss://box/connection/websocket')
  expect(socketUrl('http://127.0.0.1:8750')).toBe('ws://127.0.0.1:8750/connection/websocket')
})
