import { expect, test } from 'vitest'
import { fieldsOf, filterOf, noFilter } from './audit-words.ts'

const now = new Date(2026, 2, 12, 12).getTime()

test('a filter without anything chosen asks for everything', () => {
  expect(filterOf(noFilter, now)).toEqual({})
  expect(fieldsOf('?period=never&other=1')).toEqual(noFilter)
})

test('what is in the address is asked of the server, days in the zone of the reader', () => {
  const fields = fieldsOf('?who=+Ada+&outcome=refused&period=days&from=2026-03-12')
  expect(fields).toEqual({ ...noFilter, who: ' Ada ', outcome: 'refused', period: 'days', from: '2026-03-12' })
  const filter = { actor: 'Ada', outcome: 'refused', from: new Date(2026, 2, 12).toISOString() }
  expect(filterOf(fields, now)).toEqual(filter)
})
