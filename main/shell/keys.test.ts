import { expect, test } from 'vitest'
import { leadsOut } from './keys.ts'

const plain = { control: false, meta: false, alt: false }

test.each(['F1', 'F5', 'F11', 'F12', 'BrowserBack', 'BrowserHome', 'LaunchMail', 'ContextMenu', 'PrintScreen'])(
  '%s is closed',
  (key) => expect(leadsOut({ ...plain, key })).toBe(true),
)

test.each([
  'w',
  'q',
  'r',
  'R',
  'n',
  't',
  'p',
  'o',
  's',
  'u',
  'l',
  'f',
  'h',
  'j',
  'i',
  'I',
  '+',
  '-',
  '=',
  '0',
  'Tab',
  '1',
])('Control and %s is closed', (key) => {
  expect(leadsOut({ ...plain, control: true, key })).toBe(true)
  expect(leadsOut({ ...plain, meta: true, key })).toBe(true)
})

test.each(['F4', 'Tab', 'ArrowLeft', 'Home', 'd'])('Alt and %s is closed', (key) =>
  expect(leadsOut({ ...plain, alt: true, key })).toBe(true),
)

test('whoever types and edits a text is not disturbed', () => {
  for (const key of ['a', 'F', 'Enter', 'Backspace', 'ArrowLeft', 'Tab', 'Shift', 'Control', 'ä', '€']) {
    expect(leadsOut({ ...plain, key })).toBe(false)
  }
  for (const key of ['a', 'c', 'V', 'x', 'z', 'Control', 'Shift']) {
    expect(leadsOut({ ...plain, control: true, key })).toBe(false)
  }
})
