import { expect, test } from 'vitest'
import { attachment } from './attachment.ts'

test('a file is saved under its own name', () => {
  expect(attachment('report.csv', 'text/csv; charset=utf-8')).toEqual({
    'content-disposition': `attachment; filename="report.csv"; filename*=UTF-8''report.csv`,
    'content-type': 'text/csv; charset=utf-8',
  })
})

test.each([
  ['Gerät (1).csv', `attachment; filename="Ger_t__1_.csv"; filename*=UTF-8''Ger%C3%A4t%20%281%29.csv`],
  ['a"; evil=b\r\nx: y', `attachment; filename="a___evil_b__x__y"; filename*=UTF-8''a%22%3B%20evil%3Db%0D%0Ax%3A%20y`],
])('a name such as %j adds nothing to the headers', (name, disposition) => {
  expect(attachment(name, 'text/csv')['content-disposition']).toBe(disposition)
})

test.each(['text/html\r\nset-cookie: a=b', 'html', ''])('a type such as %j is taken for bytes', (type) => {
  expect(attachment('a', type)['content-type']).toBe('application/octet-stream')
})
