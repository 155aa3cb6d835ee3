import { expect, test } from 'vitest'
import { contentSecurityPolicy, contentType, isOwnPage, pageFile } from './page-files.ts'

const folder = '/app/dist/renderer'

test.each([
  ['app://carillon/desktop/index.html', '/app/dist/renderer/desktop/index.html'],
  ['app://carillon/assets/main-1a2b.js?v=1#x', '/app/dist/renderer/assets/main-1a2b.js'],
  ['app://carillon/a%20b.css', '/app/dist/renderer/a b.css'],
])('%s is %s', (address, file) => {
  expect(pageFile(folder, address)).toBe(file)
})

test.each([
  'app://carillon/..%2fmain%2fmain.js',
  'app://carillon/assets/..%2f..%2fmain%2fmain.js',
  'app://carillon/..%5c..%5cmain.js',
  'app://carillon/desktop/%00.html',
  'app://carillon/%E0%A4%A.html',
  'app://carillon//etc/passwd',
  'app://carillon/desktop/',
  'app://carillon/secrets.json',
  'app://carillon/main.js.map',
  'app://other/desktop/index.html',
  'app://carillon.evil/desktop/index.html',
  'file:///app/dist/renderer/desktop/index.html',
  'https://carillon/desktop/index.html',
])('%s is no page of ours', (address) => {
  expect(pageFile(folder, address)).toBeNull()
})

test('dots in an address never lead out of the folder', () => {
  for (const dots of ['../main/main.js', '%2e%2e/%2e%2e/main/main.js', 'a/../../../main.js']) {
    expect(pageFile(folder, `app://carillon/${dots}`)).toMatch(/^\/app\/dist\/renderer\/main(\/main)?\.js$/)
  }
})

test('only addresses of our own origin are our pages', () => {
  expect(isOwnPage('app://carillon/kiosk/index.html')).toBe(true)
  expect(isOwnPage('app://carillon')).toBe(false)
  expect(isOwnPage('app://carillon@evil/kiosk/index.html')).toBe(false)
  expect(isOwnPage('https://example.org/app://carillon/')).toBe(false)
})

test('scripts have the type that browsers ask of modules', () => {
  expect(contentType('/x/main.js')).toBe('text/javascript; charset=utf-8')
})

test('the policy allows no inline script, no eval, no network and no frame', () => {
  expect(contentSecurityPolicy).toContain("default-src 'none'")
  expect(contentSecurityPolicy).toContain("connect-src 'none'")
  expect(contentSecurityPolicy).not.toContain('unsafe')
})
