import { expect, test } from 'vitest'
import { chooseProfile, chromiumSwitches, memoryCeiling } from './profile.ts'

const megabyte = 1024 ** 2

test('a machine with little memory is run as one, unless somebody says otherwise', () => {
  expect(chooseProfile(null, 806 * megabyte)).toBe('low')
  expect(chooseProfile(null, 1536 * megabyte)).toBe('low')
  expect(chooseProfile(null, 1900 * megabyte)).toBe('usual')
  expect(chooseProfile('usual', 806 * megabyte)).toBe('usual')
  expect(chooseProfile('low', 64_000 * megabyte)).toBe('low')
})

test('only there the heap of a page is small, and so are its threads and its cache', () => {
  expect(chromiumSwitches('usual')).toEqual({})
  expect(chromiumSwitches('low')).toMatchObject({ 'renderer-process-limit': '1', 'disk-cache-size': '16777216' })
})

test('what a page may use follows the memory there is', () => {
  expect(memoryCeiling('low', 806 * megabyte)).toBe(322)
  expect(memoryCeiling('low', 256 * megabyte)).toBe(200)
  expect(memoryCeiling('usual', 4096 * megabyte)).toBe(1638)
  expect(memoryCeiling('usual', 64_000 * megabyte)).toBe(2048)
})
