import { describe, expect, test } from 'vitest'
import { isAllowedPage, isAllowedRequest } from './allowed-origins.ts'

const origins = ['https://signs.example.org', 'http://127.0.0.1:8750']

describe('allowed origins', () => {
  test.each([
    ['https://signs.example.org/a?b#c', true],
    ['https://SIGNS.example.org:443/', true],
    ['http://127.0.0.1:8750/', true],
    ['http://signs.example.org/', false],
    ['https://signs.example.org:8443/', false],
    ['https://signs.example.org.evil.example/', false],
    ['https://evil.example/https://signs.example.org/', false],
    ['https://signs.example.org@evil.example/', false],
    ['https://evil.signs.example.org/', false],
    ['blob:https://signs.example.org/0', false],
    ['file:///etc/passwd', false],
    ['app://carillon/kiosk/index.html', false],
    ['javascript:alert(1)', false],
    ['', false],
  ])('%s as a page: %s', (address, allowed) => {
    expect(isAllowedPage(address, origins)).toBe(allowed)
  })

  test.each([
    ['https://signs.example.org/', 'mainFrame', true],
    ['https://elsewhere.example/', 'mainFrame', false],
    ['https://elsewhere.example/', 'subFrame', false],
    ['https://elsewhere.example/logo.png', 'image', true],
    ['wss://elsewhere.example/live', 'webSocket', true],
    ['data:image/png;base64,AAAA', 'image', true],
    ['data:text/html,<p>', 'mainFrame', false],
    ['file:///etc/passwd', 'image', false],
    ['app://carillon/kiosk/index.html', 'subFrame', false],
    ['chrome://gpu', 'mainFrame', false],
    ['devtools://devtools', 'mainFrame', false],
    ['ftp://elsewhere.example/', 'image', false],
  ])('%s as %s: %s', (url, resourceType, allowed) => {
    expect(isAllowedRequest({ url, resourceType }, origins)).toBe(allowed)
  })
})
