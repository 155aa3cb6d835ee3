import { expect, test } from 'vitest'
import { publishRequest } from './publications.ts'

test('a publication without data is told to give some, and null is data', () => {
  const issues = publishRequest.safeParse({ channel: 'news:general' }).error?.issues
  expect(issues).toMatchObject([{ path: ['data'], message: 'Give the data to publish: any JSON value.' }])
  expect(publishRequest.safeParse({ channel: 'news:general', data: null }).success).toBe(true)
})
