import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { startNotice } from './notice.ts'

test.each([
  ['', null],
  ['\n \r\n', null],
  ['kiosk.conf, line 3: "sever" is no setting.\n', 'kiosk.conf, line 3: "sever" is no setting.'],
  ['One.\r\nTwo.\r\nThree.\r\n', 'One. (and 2 more)'],
  ['x'.repeat(500), `${'x'.repeat(199)}…`],
])('%j says %j', (text, said) => {
  const file = join(temporaryFolder(), 'notice')
  writeFileSync(file, text)
  expect(startNotice(file)).toBe(said)
})

test('without the file nothing was wrong', () => {
  expect(startNotice(join(temporaryFolder(), 'none'))).toBeNull()
})
